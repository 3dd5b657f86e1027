/** Commands added to a scenario: things that go wrong, or are done on purpose. */
export interface Variation {
  /** Catalogue id. */
  readonly base: string;
  readonly id: string;
  readonly about: string;
  /** What moves daemons, first of all and in the simulation alone: the network is built as it is then. */
  readonly after?: readonly string[];
  /** Run before one looks. */
  readonly prepare?: readonly string[];
  /** `NETNS: COMMAND`, or `@SECONDS NETNS: COMMAND` for one that starts at its own time. */
  readonly commands: readonly string[];
  /** Seconds to wait after the last command. */
  readonly settle?: number;
}
