/**
 * What LOG and TRACE write goes into the kernel's one log, for other namespaces than the machine's own only when
 * `nf_log_all_netns` says so. Read are the lines that came while a case ran; cases that write there run one at a time.
 */
import { closeSync, constants, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import type { LabCase } from './types';

const SWITCH = '/proc/sys/net/netfilter/nf_log_all_netns';
const LOG = '/dev/kmsg';
const MAX_RECORD = 8192;

export const isLogged = (text: string): boolean => /\bIN=\S* OUT=\S* /.test(text);

/** Whether a rule of this case writes to the kernel log. */
export function writesLog({ script, prepare, journal }: LabCase): boolean {
  const texts = [script, ...[...prepare, ...journal].map(({ command }) => command)];
  return texts.some((text) => /-j (LOG|TRACE)\b/.test(text));
}

/** Lets all namespaces write; returns what puts it back. Undefined where that cannot be done. */
export function openToAll(): (() => void) | undefined {
  try {
    const before = readFileSync(SWITCH, 'utf8').trim();
    writeFileSync(SWITCH, '1');
    closeSync(openSync(LOG, constants.O_RDONLY | constants.O_NONBLOCK));
    return () => writeFileSync(SWITCH, before);
  } catch {
    return undefined;
  }
}

/** Reads from the end of the log on. */
export class KernelLog {
  readonly #file = openSync(LOG, constants.O_RDONLY | constants.O_NONBLOCK);

  constructor() {
    this.read();
  }

  /** What has come since the last time, oldest first. */
  read(): string[] {
    const lines: string[] = [];
    const record = Buffer.alloc(MAX_RECORD);
    for (;;) {
      let length: number;
      try {
        length = readSync(this.#file, record);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EAGAIN') return lines.filter(isLogged);
        // Records were overwritten before they were read.
        if (code === 'EPIPE') continue;
        throw error;
      }
      // `priority,sequence,microseconds,flags;text`, then lines of a dictionary.
      const text = record.toString('utf8', 0, length).split('\n')[0] ?? '';
      lines.push(text.slice(text.indexOf(';') + 1));
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
