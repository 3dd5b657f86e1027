/** Images a machine has, and the names dockerd makes up for containers (moby pkg/namesgenerator). */
import type { Random } from '../../../base/random';

interface Image {
  /** ENTRYPOINT, then CMD, as words. */
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** EXPOSE */
  readonly exposed: readonly number[];
  /** What runs in place of `entrypoint command`; absent: nothing that listens or sends. */
  readonly program?: string;
}
const SHELL_WORDS = new Set(['sh', 'bash', 'ash', '/bin/sh', '/bin/bash', '/bin/ash']);

function shell(command: string): Image {
  return { entrypoint: [], command: [command], exposed: [] };
}
const IMAGES: ReadonlyMap<string, Image> = new Map([
  [
    'nginx',
    {
      entrypoint: ['/docker-entrypoint.sh'],
      command: ['nginx', '-g', 'daemon off;'],
      exposed: [80],
      program: 'nginx',
    },
  ],
  ['busybox', shell('sh')],
  ['alpine', shell('/bin/sh')],
  ['ubuntu', shell('/bin/bash')],
  ['debian', shell('bash')],
  ['nicolaka/netshoot', shell('zsh')],
]);

/** The repository without tag, digest and Docker Hub's own prefixes. */
function repository(reference: string): string {
  return reference
    .replace(/@.*$/, '')
    .replace(/:[^/:]*$/, '')
    .replace(/^docker\.io\//, '')
    .replace(/^library\//, '');
}

export function imageOf(reference: string): Image | undefined {
  return IMAGES.get(repository(reference));
}

export function isShell(words: readonly string[]): boolean {
  return words.length === 1 && SHELL_WORDS.has(words[0] ?? '');
}

/** The whole line as `docker ps` shows it. */
export function commandLine(image: Image | undefined, command: readonly string[]): string {
  const words = [...(image?.entrypoint ?? []), ...(command.length > 0 ? command : (image?.command ?? []))];
  return words.map((word) => (/[\s']/.test(word) ? `'${word}'` : word)).join(' ');
}

const LEFT = ['admiring', 'bold', 'clever', 'dazzling', 'eager', 'festive', 'gallant', 'happy'] as const;
const MORE_LEFT = ['inspiring', 'jolly', 'keen', 'loving', 'modest', 'nifty', 'quirky', 'serene'] as const;
const RIGHT = ['bell', 'curie', 'darwin', 'euler', 'fermat', 'galileo', 'hopper', 'hypatia'] as const;
const MORE_RIGHT = [
  'kepler',
  'lovelace',
  'mendel',
  'newton',
  'noether',
  'ritchie',
  'tesla',
  'turing',
] as const;

export function randomName(random: Random): string {
  const [left, right] = [
    [...LEFT, ...MORE_LEFT],
    [...RIGHT, ...MORE_RIGHT],
  ];
  return `${left[random.below(left.length)] ?? ''}_${right[random.below(right.length)] ?? ''}`;
}

/** One line of words that the shell splits into the same words again. */
export function quoted(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}
