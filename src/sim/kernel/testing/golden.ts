/** Captures from a real kernel, as test data. See the README beside them for the format. */
import { readFileSync } from 'node:fs';

export interface GoldenDevice {
  readonly kind: string;
  readonly mac: string;
  readonly mtu: number;
  readonly addr: readonly string[];
  readonly master?: string;
  readonly peer?: readonly [string, string];
  readonly args?: string;
}
interface GoldenTables {
  readonly route: unknown;
  readonly neigh: unknown;
  readonly fdb: unknown;
}
export interface Golden {
  readonly topology: {
    readonly namespaces: Readonly<
      Record<
        string,
        {
          readonly forward: boolean;
          readonly sysctl: Readonly<Record<string, string>>;
          readonly devices: Readonly<Record<string, GoldenDevice>>;
          readonly routes: readonly string[];
          readonly neigh: readonly string[];
          readonly fdb: readonly string[];
        }
      >
    >;
  };
  readonly sysctl: Readonly<
    Record<
      string,
      {
        readonly conf: Readonly<Record<string, Readonly<Record<string, string>>>>;
        readonly neigh?: Readonly<Record<string, Readonly<Record<string, string>>>>;
      }
    >
  >;
  readonly actions: readonly {
    readonly ns: string;
    readonly cmd: string;
    readonly stdout: string;
    readonly exit: number;
  }[];
  readonly tables: {
    readonly before: Readonly<Record<string, GoldenTables>>;
    readonly after: Readonly<Record<string, GoldenTables>>;
  };
  readonly frames: readonly {
    readonly ns: string;
    readonly dev: string;
    readonly dir: 'in' | 'out';
    readonly pkt: string;
    readonly hex: string;
    readonly vary: [number, number][];
  }[];
}

export function loadGolden(name: string): Golden {
  return JSON.parse(readFileSync(new URL(`./golden/${name}.json`, import.meta.url), 'utf8')) as Golden;
}
