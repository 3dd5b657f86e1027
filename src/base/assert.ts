/**
 * Stops the program when something that must always hold does not. Assertions stay on in production: a simulator
 * that carries on with a broken table teaches something untrue.
 *
 * Use it for mistakes of the program itself; what people type or what a frame contains is answered with a `Result`
 * or a malformed value instead.
 */
export function assert(cond: unknown, message: string): asserts cond {
  if (!cond) throw new Error(`Assertion failed: ${message}`);
}

/** The end of an exhaustive `switch`: does not compile while a case of the union is still missing. */
export function unreachable(x: never): never {
  throw new Error(`Unreachable case: ${JSON.stringify(x)}`);
}
