/** The story: steps of a trace, a sentence for each, and the why, in English and Chinese. See README.md. */
export { message, messageParts } from './format';
export { isPacketless } from './frames';
export { dropLabel } from './labels';
export { rulesTried, usedRows, type RuleMark } from './marks';
export { rowText } from './rows';
export { StepBuilder } from './steps';
export { transcript } from './transcript';
export { tuplesOf, type TupleWord } from './tuples';
export type { Lang, Message, Step, WhyRow, WhySection } from './types';
export { why } from './why';
