import type { AfterCommand } from '../../state';

/** Programs whose story one wants to walk through: they send packets, or let time pass. */
const SENDS = /(^|\s)(ping|traceroute|tracepath|arping|nc|curl|wget|sleep|tcpdump)(\s|$)/;

/** Without playing: a command that sends packets waits before its first step; of any other one wants to see the answer. */
export function after(command: string): AfterCommand {
  return SENDS.test(command) ? 'start' : 'end';
}
