import type { EventSeq, FrameId, TableName, TableRows } from '../sim/kernel/trace';
import type { MessageId } from './messages';

export type Lang = 'en' | 'zh';

/** A sentence before it has a language: which text of the catalogue, and what goes into its places. Plain data. */
export interface Message {
  readonly id: MessageId;
  readonly values: Readonly<Record<string, string | number>>;
}

/** A run of a sentence in one style: `strong` for names, `code` for what a terminal would show. */
export interface MessagePart {
  readonly text: string;
  readonly style: 'plain' | 'strong' | 'code';
}

/** What a step is about, for its colour. Packet topics name the innermost protocol the step speaks of. */
export type StepTopic =
  | 'arp'
  | 'icmp'
  | 'ip'
  | 'eth'
  | 'udp'
  | 'tcp'
  | 'vxlan'
  | 'ipip'
  | 'bgp'
  | 'route'
  | 'neigh'
  | 'fdb'
  | 'drop'
  | 'command'
  | 'control'
  | 'config'
  | 'timer';

/** A run of consecutive events of one namespace that one would explain in one breath. */
export interface Step {
  /** Its place in the list of steps. */
  readonly index: number;
  readonly first: EventSeq;
  /** Inclusive: when the cursor is at `last`, the step is done. */
  readonly last: EventSeq;
  /** Every event of the step: `first` … `last` without gaps. */
  readonly seqs: readonly EventSeq[];
  readonly netns: string;
  readonly machine: string;
  readonly dev?: string;
  readonly frame?: FrameId;
  /** Number of the journal's command that led here through cause links; -1 for set-up, daemons and timers. */
  readonly command: number;
  readonly topic: StepTopic;
  readonly title: Message;
  /** The small line: `eth0 · 98 bytes`. */
  readonly detail: Message;
  /** Happened before the network was up. */
  readonly isBoot: boolean;
  readonly isDrop: boolean;
  /** The event that the why is about. */
  readonly main: EventSeq;
}

/** One row that was weighed, or one row that changed. */
export interface WhyRow {
  /** As Linux prints it: `10.1.16.0/24 via 10.1.16.0 dev flannel.1 onlink`. */
  readonly text: string;
  /** Candidates: it was chosen. Rules: it matched. Changes: it is there now. */
  readonly won: boolean;
  readonly reason: Message;
  /** Rules: so many jumps into other chains lead here; absent for none. */
  readonly depth?: number;
}
export interface WhySection {
  readonly kind: 'candidates' | 'rules' | 'changes' | 'facts';
  readonly heading: Message;
  readonly rows: readonly WhyRow[];
  readonly notes: readonly Message[];
  /** Nothing here decided; it may be folded away. */
  readonly quiet?: boolean;
  /** The table to look at beside it. */
  readonly table?: { readonly netns: string; readonly table: TableName };
}
/** Why a step happened as it did. */
export interface Why {
  readonly lead: Message;
  readonly sections: readonly WhySection[];
  /** Functions of the Linux kernel that do this, in calling order. */
  readonly kernel: readonly string[];
  /** The Linux command that asks the same question, and where to type it. */
  readonly command?: { readonly netns: string; readonly text: string };
  /** `RFC 826`. */
  readonly rfc?: string;
}

/** Rows of one table of one namespace that a step used. */
export interface UsedRows<T extends TableName = TableName> {
  readonly netns: string;
  readonly table: T;
  match(row: TableRows[TableName]): boolean;
}
