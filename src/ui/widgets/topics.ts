import type { Step } from '../../state';

/** The token that colours a topic; the shape tells decisions and drops apart without colour. */
export const topicColour: Readonly<Record<Step['topic'], string>> = {
  arp: 'var(--arp)',
  icmp: 'var(--icmp)',
  ip: 'var(--ip)',
  eth: 'var(--eth)',
  udp: 'var(--udp)',
  tcp: 'var(--tcp)',
  vxlan: 'var(--vxlan)',
  ipip: 'var(--ipip)',
  bgp: 'var(--bgp)',
  route: 'var(--ip)',
  neigh: 'var(--arp)',
  fdb: 'var(--eth)',
  drop: 'var(--drop)',
  command: 'var(--ink)',
  control: 'var(--ink-3)',
  config: 'var(--ink-3)',
  timer: 'var(--ink-3)',
};

type TopicShape = 'packet' | 'decision' | 'drop' | 'other';
export function topicShape(topic: Step['topic']): TopicShape {
  switch (topic) {
    case 'route':
    case 'neigh':
    case 'fdb':
      return 'decision';
    case 'drop':
      return 'drop';
    case 'command':
    case 'control':
    case 'config':
    case 'timer':
      return 'other';
    default:
      return 'packet';
  }
}
