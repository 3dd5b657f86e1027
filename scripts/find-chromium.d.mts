export const launchArgs: string[];
export function findChromium(): Promise<string>;
