/** The small commands beside the network tools. */
import type { Program } from '../program';
import { docker } from './docker';
import { etcdctl } from './etcdctl';
import { cat, echo } from './files';
import { clear, falseProgram, hostname, sleep, trueProgram } from './small';
import { sysctl } from './sysctl';

export { makeHelp } from './help';

export const tools: readonly Program[] = [
  etcdctl,
  docker,
  sysctl,
  cat,
  echo,
  sleep,
  hostname,
  trueProgram,
  falseProgram,
  clear,
];
