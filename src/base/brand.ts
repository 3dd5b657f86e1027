declare const brand: unique symbol;

/**
 * A `T` that the compiler keeps apart from other `T`s, for units and ids: `type IfIndex = Brand<number, 'IfIndex'>`.
 * The brand exists only in types; at run time the value is a plain `T`.
 */
export type Brand<T, B extends string> = T & { readonly [brand]: B };
