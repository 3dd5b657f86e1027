/** `[    1.000001]`: seconds since the machine was switched on, as dmesg prints them. `at` in ns. */
export function logTime(at: number): string {
  const micros = Math.max(0, Math.floor(at / 1000));
  const seconds = Math.floor(micros / 1_000_000);
  return `[${String(seconds).padStart(5)}.${String(micros % 1_000_000).padStart(6, '0')}]`;
}
