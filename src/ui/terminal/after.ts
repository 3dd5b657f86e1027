import type { AfterCommand } from '../../state';

/** Programs whose story one wants to walk through: they send packets, or let time pass. */
const SENDS = /(^|\s)(ping|traceroute|tracepath|arping|nc|curl|wget|sleep|tcpdump)(\s|$)/;

/** A command that sends packets is walked through as chosen; of any other one wants to see the answer. */
export function after(command: string, chosen: 'start' | 'play'): AfterCommand {
  return SENDS.test(command) ? chosen : 'end';
}
