/** What `tc` asks of the kernel (RTM_NEWQDISC, RTM_DELQDISC, RTM_GETQDISC). Times in ns, rates in bytes per second. */

/** A probability as the kernel keeps it: 0 … 2^32 − 1. */
export type Share = number;

/** TCA_OPTIONS of netem. What is not given is 0, but correlations and the rate, which stay as they are. */
export interface NetemSpec {
  /** Packets. */
  readonly limit: number;
  readonly latency?: number;
  readonly jitter?: number;
  readonly loss?: Share;
  readonly duplicate?: Share;
  readonly correlation?: NetemCorrelation;
  readonly rate?: number;
}
export interface NetemCorrelation {
  readonly delay: Share;
  readonly loss: Share;
  readonly duplicate: Share;
}

export interface QdiscSpec {
  readonly dev: string;
  /** Absent: as the one that is there. */
  readonly kind?: string;
  readonly root: boolean;
  /** Major number; absent: the kernel picks one. */
  readonly handle?: number;
  readonly netem?: NetemSpec;
}
/** NLM_F_CREATE|EXCL, none, CREATE|REPLACE. */
export type QdiscMode = 'add' | 'change' | 'replace';

export interface QdiscStats {
  /** Sent. */
  readonly bytes: number;
  readonly packets: number;
  readonly dropped: number;
  readonly overlimits: number;
  readonly requeues: number;
  /** Waiting. */
  readonly backlogBytes: number;
  readonly backlogPackets: number;
}
/** A device's root queueing discipline, the default one too. */
export interface QdiscDumpRow {
  readonly dev: string;
  readonly kind: string;
  /** Major number; 0 of a default one. */
  readonly handle: number;
  readonly refcnt: number;
  readonly netem?: Required<NetemSpec>;
  readonly stats: QdiscStats;
}
