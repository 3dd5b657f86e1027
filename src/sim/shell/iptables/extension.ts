/** What a match or a target of iptables is made of: its options, and what comes out of them. */
import type { RuleMatch, RuleTarget } from './door';

/** Options seen so far, by their chief name, with whether `!` stood before. */
export type Seen = Map<
  string,
  { readonly words: readonly string[]; readonly invert: boolean; readonly as: string }
>;
export interface ExtensionOption {
  /** Words that follow it. */
  readonly takes: 0 | 1 | 2;
  /** Chief name, for options of several names; options of one chief name exclude each other. */
  readonly as?: string;
  readonly invert?: boolean;
  /** What is told when the words that follow are too few, or when it is given twice, where the extension has words for it. */
  readonly lacking?: string;
  readonly twice?: string;
  /** Judges the words at once, so that the first wrong option is the one told. */
  readonly check?: (words: readonly string[], option: string, kernel: Known) => void;
}
/** What an extension may ask of the kernel while a line is read. */
export interface Known {
  hasSet(name: string): boolean;
}
export interface Context {
  /** 0: any or inverted. */
  readonly protocol: number;
}
interface Extension<T> {
  readonly name: string;
  readonly options: Readonly<Record<string, ExtensionOption>>;
  make(seen: Seen, context: Context): T;
}
export type MatchExtension = Extension<RuleMatch>;
export type TargetExtension = Extension<RuleTarget>;
