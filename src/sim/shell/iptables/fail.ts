/** How iptables 1.8.9 leaves when something is wrong. It speaks as the legacy backend, whose TRACE goes to the kernel log. */
import { Exit } from '../program';
import type { TableErrno } from './door';

export const VERSION = 'v1.8.9 (legacy)';

/** xtables_error(PARAMETER_PROBLEM). Some of the tool's messages end with a newline of their own. */
export function usageError(message: string, program = 'iptables'): never {
  throw new Exit(
    2,
    `${program} ${VERSION}: ${message}\nTry \`${program} -h' or '${program} --help' for more information.\n`,
  );
}
/** What this model has not. */
export function notModelled(what: string): never {
  throw new Exit(1, `${what} is not modelled here.\n`);
}

export type Operation =
  'insert' | 'replace' | 'delete-rule' | 'delete-number' | 'zero' | 'new' | 'policy' | 'other';
const TOO_BIG: Readonly<Partial<Record<Operation, string>>> = {
  insert: 'Index of insertion too big',
  replace: 'Index of replacement too big',
  'delete-number': 'Index of deletion too big',
  zero: 'Index of counter too big',
};
export const BAD_RULE = 'Bad rule (does a matching rule exist in that chain?)';

/** iptc_strerror. */
export function errorText(errno: TableErrno, operation: Operation): string {
  switch (errno) {
    case 'E2BIG':
      return TOO_BIG[operation] ?? 'Argument list too long';
    case 'EEXIST':
      return operation === 'new' ? 'Chain already exists' : 'File exists';
    case 'ENOENT':
      return operation === 'policy' ? 'Bad built-in chain name' : 'No chain/target/match by that name';
    case 'EINVAL':
      return "Invalid argument. Run `dmesg' for more information";
    case 'ELOOP':
      return 'Too many levels of symbolic links';
    case 'EMLINK':
      return 'Too many links';
    case 'ENOTEMPTY':
      return 'Directory not empty';
    case 'ENOMEM':
      return 'Memory allocation problem';
  }
}
