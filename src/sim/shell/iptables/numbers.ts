/** Numbers, ranges and masks inside options. */
import type { PortRange } from './door';
import { usageError } from './fail';
import { portNumber } from './names';

/** strtoul with any base; undefined when it is no number of at most 32 bits. */
export function integer(text: string): number | undefined {
  if (!/^(?:0x[0-9a-f]+|\d+)$/i.test(text)) return undefined;
  const value = /^0\d/.test(text) ? parseInt(text, 8) : Number(text);
  return value <= 0xffffffff ? value : undefined;
}
/** `80`, `80:90`, `:90`, `80:`. */
export function portRange(text: string, invert: boolean): PortRange {
  const [low = '', high] = text.split(':', 2);
  const from = low === '' && high !== undefined ? 0 : portNumber(low);
  const to = high === undefined ? from : high === '' ? 65_535 : portNumber(high);
  if (from > to) usageError('invalid portrange (min > max)');
  return { low: from, high: to, invert };
}
/** `VALUE[/MASK]` */
export function marked(
  text: string,
  extension: string,
  option: string,
): { value: number; mask: number | undefined } {
  const [left = '', right] = text.split('/', 2);
  const value = integer(left);
  const mask = right === undefined ? undefined : integer(right);
  if (value === undefined || (right !== undefined && mask === undefined)) {
    return usageError(`${extension}: bad integer value for option "--${option}", or out of range.\n`);
  }
  return { value, mask };
}
