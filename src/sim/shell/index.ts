/** The commands people type: words in, a program found, its output and exit code; and what Tab offers. */
// First of all: it enters the programs into the registry that the others look into.
export { commandNames } from './commands';
export { complete, type Completion, type CompletionEnv } from './completion';
export { runCommand } from './run';
export { MAX_LINE, splitWords } from './words';
