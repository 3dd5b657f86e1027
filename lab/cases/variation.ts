/** Commands added to a scenario: things that go wrong, or are done on purpose. */
import type { LabCase } from '../types';

export interface Variation {
  /** Catalogue id. */
  readonly base: string;
  readonly id: string;
  readonly about: string;
  /** Run before one looks. */
  readonly prepare?: readonly string[];
  /** `NETNS: COMMAND`, or `@SECONDS NETNS: COMMAND` for one that starts at its own time. */
  readonly commands: readonly string[];
  /** What the kernel must have. */
  readonly needs?: LabCase['needs'];
  /** Seconds to wait after the last command. */
  readonly settle?: number;
}
