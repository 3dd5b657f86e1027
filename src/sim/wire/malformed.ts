/** What a parser answers when the bytes are not what the standard asks for: a short phrase saying what is wrong. */
export interface Malformed {
  malformed: string;
}

/** A header, or the reason why there is none. Parsers never throw, whatever the bytes. */
export type Parsed<T> = T | Malformed;

export function isMalformed(x: unknown): x is Malformed {
  return typeof x === 'object' && x !== null && 'malformed' in x;
}

export function malformed(reason: string): Malformed {
  return { malformed: reason };
}
