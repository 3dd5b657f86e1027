/** Numbers of include/net/tcp.h and the sysctls' defaults in Linux 6.18; times in ns unless their name says otherwise. */
import { MS, SECOND } from '../../costs';

/** tcp_rmem[1]; half of it counts as window until segments have been seen (scaling_ratio). */
export const RECEIVE_BUFFER = 131_072;
/** What an sk_buff takes besides its payload, as captures of growing windows show. */
export const SEGMENT_OVERHEAD = 768;
/** From tcp_rmem[2] = 32 MB. */
export const OWN_SCALE = 10;
/** A segment of at least this length makes the receive window grow (tcp_event_data_recv). */
export const GROW_LENGTH = 128;
export const MSS_DEFAULT = 536;
/** TCP_MIN_SND_MSS less the time stamps. */
export const MSS_MIN = 36;
/** TCPOLEN_TSTAMP_ALIGNED. */
export const TIMESTAMP_LENGTH = 12;
export const INITIAL_CWND = 10;
/** TCP_FASTRETRANS_THRESH. */
export const DUPLICATE_THRESHOLD = 3;
/** TCP_TIMEOUT_INIT. */
export const RTO_INITIAL = SECOND;
export const RTO_MIN = 200 * MS;
export const RTO_MAX = 120 * SECOND;
/** TCP_DELACK_MIN and TCP_ATO_MIN. */
export const ATO_MIN = 40 * MS;
/** TCP_DELACK_MAX. */
export const DELACK_MAX = 200 * MS;
/** A timer set to "now" fires with the next jiffy (HZ = 250). */
export const JIFFY = 4 * MS;
export const MAX_QUICKACKS = 16;
/** TCP_TIMEWAIT_LEN and tcp_fin_timeout. */
export const TIME_WAIT = 60 * SECOND;
export const FIN_TIMEOUT = 60 * SECOND;
/** tcp_syn_retries, and tcp_syn_linear_timeouts that come on top and do not double the timeout. */
export const SYN_RETRIES = 6;
export const SYN_LINEAR = 4;
export const SYNACK_RETRIES = 5;
/** tcp_retries2 = 15 as a time (tcp_model_timeout). */
export const GIVE_UP = 924_600 * MS;
/** The same for a connection whose process has gone (8 retries). */
export const GIVE_UP_ORPHAN = 102_200 * MS;
/** net.core.somaxconn bounds it. */
export const BACKLOG_DEFAULT = 128;
export const BACKLOG_MAX = 4096;
