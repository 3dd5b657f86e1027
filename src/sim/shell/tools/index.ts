/** The small commands beside the network tools. */
import type { Program } from '../program';
import { docker } from './docker/index';
import { dockerProxy } from './docker/proxy';
import { etcdctl } from './etcdctl';
import { cat, echo } from './files';
import { journalctl } from './journalctl';
import { dmesg, tail } from './kernel-log';
import { kubectl } from './kubectl/index';
import { modprobe } from './modprobe';
import { clear, falseProgram, hostname, sleep, trueProgram } from './small';
import { sysctl } from './sysctl';
import { systemctl } from './systemctl';

export { makeHelp } from './help';

export const tools: readonly Program[] = [
  etcdctl,
  docker,
  dockerProxy,
  systemctl,
  journalctl,
  kubectl,
  sysctl,
  cat,
  echo,
  dmesg,
  tail,
  modprobe,
  sleep,
  hostname,
  trueProgram,
  falseProgram,
  clear,
];
