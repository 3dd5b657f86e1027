/** A number that keeps the digits it is printed with (`0.00`). */
export class Decimal {
  constructor(readonly text: string) {}
}
export type Json =
  string | number | boolean | null | Decimal | readonly Json[] | { readonly [key: string]: Json | undefined };

/** JSON as iproute2's json_writer.c prints it: on one line, or with `-p` in its own indentation. Keys that are undefined are left out. */
export function writeJson(value: Json, pretty: boolean): string {
  return pretty ? prettyValue(value, 0) : compactValue(value);
}

function scalar(value: string | number | boolean | null | Decimal): string {
  return value instanceof Decimal ? value.text : JSON.stringify(value);
}
function isScalar(value: Json): value is string | number | boolean | null | Decimal {
  return typeof value !== 'object' || value === null || value instanceof Decimal;
}
function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
function entries(value: { readonly [key: string]: Json | undefined }): [string, Json][] {
  return Object.entries(value).filter((entry): entry is [string, Json] => entry[1] !== undefined);
}

function compactValue(value: Json): string {
  if (isScalar(value)) return scalar(value);
  if (isArray(value)) return `[${value.map(compactValue).join(',')}]`;
  return `{${entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${compactValue(item)}`)
    .join(',')}}`;
}

/** Objects break lines, arrays do not: `[ {` … `},{` … `} ]`. */
function prettyValue(value: Json, depth: number): string {
  if (isScalar(value)) return scalar(value);
  if (isArray(value)) {
    if (value.length === 0) return '[ ]';
    return `[ ${value.map((item) => prettyValue(item, depth + 1)).join(',')} ]`;
  }
  const inside = entries(value);
  if (inside.length === 0) return '{}';
  const indent = '\n' + '    '.repeat(depth + 1);
  const lines = inside.map(
    ([key, item]) => `${indent}${JSON.stringify(key)}: ${prettyValue(item, depth + 1)}`,
  );
  return `{${lines.join(',')}\n${'    '.repeat(depth)}}`;
}
