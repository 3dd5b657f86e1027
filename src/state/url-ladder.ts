/** Old links are brought up to date one version at a time, before their fields are read. */

/** The fields of a link as written, by name. */
export type Fields = ReadonlyMap<string, string>;
/** From one version to the next. */
export type Upgrader = (fields: Fields) => Fields;

/**
 * `upgraders[n - 1]` makes version n into n + 1. Throws when one is missing or one too many, so that a new version cannot
 * be published without a way up from the old one.
 */
export function ladder(
  current: number,
  upgraders: readonly Upgrader[],
): (fields: Fields, version: number) => Fields {
  if (upgraders.length !== current - 1) {
    throw new Error(`link version ${current} needs ${current - 1} upgraders, there are ${upgraders.length}`);
  }
  return (fields, version) => upgraders.slice(version - 1).reduce((old, step) => step(old), fields);
}
