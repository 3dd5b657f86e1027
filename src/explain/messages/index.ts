import type { Lang, Message } from '../types';
import { en } from './en';
import { zh } from './zh';

/** The English catalogue decides which texts exist; the other languages must have the same ids. */
export type MessageId = keyof typeof en;

export const catalogues: Readonly<Record<Lang, Readonly<Record<MessageId, string>>>> = { en, zh };

/** Ids of texts without places of their own, which other texts take in with `{@name}`. */
export type TermId = Extract<
  MessageId,
  `${'pkt' | 'label' | 'icmp' | 'held' | 'arpWhy' | 'table'}.${string}`
>;

type NameOf<P extends string> = P extends `@${infer N}` ? N : P extends `${infer N}|${string}` ? N : P;
type Places<S extends string> = S extends `${string}{${infer P}}${infer Rest}`
  ? NameOf<P> | Places<Rest>
  : never;
/** The values a text needs, read off the English text. */
type MessageValues<I extends MessageId> = Readonly<Record<Places<(typeof en)[I]>, string | number>>;

/** Makes a message; the compiler checks that every place of the text gets a value. */
export function msg<I extends MessageId>(
  id: I,
  ...values: [Places<(typeof en)[I]>] extends [never] ? [] : [MessageValues<I>]
): Message {
  return { id, values: values[0] ?? {} };
}

export function isMessageId(id: string | number): id is MessageId {
  return Object.hasOwn(en, id);
}
