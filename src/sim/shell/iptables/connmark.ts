/** The mark of a connection: target CONNMARK and match connmark (extensions/libxt_CONNMARK.c, libxt_connmark.c). */
import type { RuleMatch, RuleTarget } from './door';
import type { ExtensionOption, MatchExtension, TargetExtension } from './extension';
import { usageError } from './fail';
import { marked } from './numbers';

const NAME = 'CONNMARK';
const ALL = 0xffffffff;
const lowHex = (value: number): string => `0x${value.toString(16)}`;

const valueOption: ExtensionOption = {
  takes: 1,
  as: 'operation',
  check: ([word = ''], option) => void marked(word, NAME, option),
};
const maskOption: ExtensionOption = {
  takes: 1,
  check: ([word = ''], option) => void marked(word, NAME, option),
};

export const connmarkTarget: TargetExtension = {
  name: NAME,
  options: {
    'set-xmark': valueOption,
    'set-mark': valueOption,
    'and-mark': valueOption,
    'or-mark': valueOption,
    'xor-mark': valueOption,
    'save-mark': { takes: 0, as: 'operation' },
    'restore-mark': { takes: 0, as: 'operation' },
    mask: maskOption,
    nfmask: maskOption,
    ctmask: maskOption,
  },
  make(seen) {
    const option = seen.get('operation') ?? usageError('CONNMARK target: No operation specified');
    const { as } = option;
    const set = (ctmark: number, ctmask: number): RuleTarget => ({
      kind: NAME,
      mode: 'set',
      ctmark: ctmark >>> 0,
      ctmask: ctmask >>> 0,
      nfmask: ALL,
    });
    if (as === 'save-mark' || as === 'restore-mark') {
      const mask = (name: string): number => {
        const words = (seen.get('mask') ?? seen.get(name))?.words;
        return words ? marked(words[0] ?? '', NAME, name).value : ALL;
      };
      const mode = as === 'save-mark' ? 'save' : 'restore';
      return { kind: NAME, mode, ctmark: 0, ctmask: mask('ctmask'), nfmask: mask('nfmask') };
    }
    const { value, mask } = marked(option.words[0] ?? '', NAME, as);
    if (as === 'and-mark') return set(0, ~value);
    if (as === 'or-mark') return set(value, value);
    if (as === 'xor-mark') return set(value, 0);
    // Set bits of the value are cleared first, so that or-ing and xor-ing come to the same.
    return as === 'set-mark' ? set(value, (mask ?? ALL) | value) : set(value, mask ?? ALL);
  },
};
type Target = Extract<RuleTarget, { kind: 'CONNMARK' }>;

/** As -L prints it. */
export function connmarkText({ mode, ctmark, ctmask, nfmask }: Target): string {
  if (mode === 'set') {
    if (ctmark === 0) return ` CONNMARK and ${lowHex(~ctmask >>> 0)}`;
    if (ctmark === ctmask) return ` CONNMARK or ${lowHex(ctmark)}`;
    if (ctmask === 0) return ` CONNMARK xor ${lowHex(ctmark)}`;
    return ctmask === ALL
      ? ` CONNMARK set ${lowHex(ctmark)}`
      : ` CONNMARK xset ${lowHex(ctmark)}/${lowHex(ctmask)}`;
  }
  if (nfmask === ALL && ctmask === ALL) return ` CONNMARK ${mode}`;
  if (nfmask === ctmask) return ` CONNMARK ${mode} mask ${lowHex(nfmask)}`;
  return mode === 'save'
    ? ` CONNMARK save nfmask ${lowHex(nfmask)} ctmask ~${lowHex(ctmask)}`
    : ` CONNMARK restore ctmask ${lowHex(ctmask)} nfmask ~${lowHex(nfmask)}`;
}

export const connmarkMatch: MatchExtension = {
  name: 'connmark',
  options: {
    mark: { takes: 1, invert: true, check: ([word = '']) => void marked(word, 'connmark', 'mark') },
  },
  make(seen) {
    const option = seen.get('mark') ?? usageError('connmark: option "--mark" must be specified\n');
    const { value, mask } = marked(option.words[0] ?? '', 'connmark', 'mark');
    return { kind: 'connmark', mark: value, mask: mask ?? ALL, invert: option.invert };
  },
};
export function connmarkMatchText({ mark, mask, invert }: Extract<RuleMatch, { kind: 'connmark' }>): string {
  return ` connmark match ${invert ? '!' : ''} ${lowHex(mark)}${mask === ALL ? '' : `/${lowHex(mask)}`}`;
}
