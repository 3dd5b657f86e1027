/** What is compared: the same things observed in Linux and in the simulation. */
import type { JournalEntry, Scenario } from '../src/sim/index';

export interface LabCase {
  readonly id: string;
  /** A line for `--list` and reports: what is different from the scenario. */
  readonly about: string;
  readonly scenario: Scenario;
  /** Shell text that builds the same network in Linux, and does nothing else. */
  readonly script: string;
  /** Run before one looks: part of neither frames nor tables. */
  readonly prepare: readonly JournalEntry[];
  readonly journal: readonly JournalEntry[];
  /** How long both wait after the last command, in seconds. */
  readonly settle: number;
  /** The room's own network namespace, where the script gives it devices: `host`. */
  readonly root?: string;
  /** Run in the simulation alone, before anything: the script builds what comes of it. */
  readonly lead?: readonly JournalEntry[];
}

export interface SeenFrame {
  readonly dir: 'in' | 'out';
  readonly link: 'ethernet' | 'ip';
  readonly bytes: Uint8Array;
  /** Seconds after the first command began. Shown, never compared. */
  readonly at: number;
}

/** Printed as JSON. */
export const ROW_TABLES = ['link', 'addr', 'route', 'local', 'rule', 'neigh', 'fdb'] as const;
/** Printed as text: a row has one key, `line`. */
export const LINE_TABLES = ['iptables', 'conntrack', 'ipset', 'qdisc'] as const;
export const TABLES = [...ROW_TABLES, ...LINE_TABLES] as const;
export type LineTable = (typeof LINE_TABLES)[number];
export type TableName = (typeof TABLES)[number];
export type Row = Readonly<Record<string, unknown>>;
/** Rows of every table of one namespace. */
export type Tables = Readonly<Record<TableName, readonly Row[]>>;

export interface CommandOutput {
  readonly netns: string;
  readonly command: string;
  readonly output: string;
  readonly exit: number;
}

export interface Observation {
  /** By `netns/device`, in the order the device saw them. */
  readonly frames: ReadonlyMap<string, readonly SeenFrame[]>;
  /** By namespace. */
  readonly before: ReadonlyMap<string, Tables>;
  readonly after: ReadonlyMap<string, Tables>;
  readonly outputs: readonly CommandOutput[];
  /** What LOG and TRACE wrote from the first command on, on all machines, without times; undefined: it cannot be read. */
  readonly kernelLog: readonly string[] | undefined;
}

export interface SimObservation extends Observation {
  /** When the network was up, before anything was prepared. */
  readonly built: ReadonlyMap<string, Tables>;
}

/** One thing that is not the same: all its lines, aligned. */
export interface Difference {
  /** `frames of node1/eth0`, `neigh of node1 after`, ``output of `ping …` in node1``. */
  readonly what: string;
  readonly lines: readonly { readonly side: 'both' | 'linux' | 'sim'; readonly text: string }[];
}
