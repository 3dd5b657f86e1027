/** The story: steps of a trace, a sentence for each, and the why, in English and Chinese. See README.md. */
export { message, messageParts } from './format';
export { dropLabel, neighStateMessage } from './labels';
export { changedRows, rulesTried, usedRows, type RuleMark } from './marks';
export { rowText } from './rows';
export { commandOf, computeSteps, StepBuilder } from './steps';
export { transcript } from './transcript';
export { tuplesOf, type TupleWord } from './tuples';
export type { Lang, Message, MessagePart, Step, StepTopic, UsedRows, Why, WhyRow, WhySection } from './types';
export { why } from './why';
