/** The story: steps of a trace, a sentence for each, and the why, in English and Chinese. See README.md. */
export { message, messageParts, plainText } from './format';
export { dropHint, dropLabel, dropSentence, neighStateMessage, routeReasonMessage } from './labels';
export { changedRows, usedRows } from './marks';
export type { MessageId } from './messages';
export { addrText, changeText, fdbText, linkText, neighText, routeText, rowText, ruleText } from './rows';
export { commandOf, computeSteps, describeEvent, StepBuilder, type Story } from './steps';
export { formatTime, transcript, type TranscriptOptions } from './transcript';
export type { Lang, Message, MessagePart, Step, StepTopic, UsedRows, Why, WhyRow, WhySection } from './types';
export { why } from './why';
