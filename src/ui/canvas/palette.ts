/** The tokens as a canvas needs them: resolved, and again whenever the theme changes. */
import type { LayerProtocol } from '../../sim/wire';

export interface Palette {
  readonly protocol: Readonly<Record<LayerProtocol, string>>;
  readonly onProtocol: string;
  readonly panel: string;
  readonly ink: string;
  readonly drop: string;
  readonly onDrop: string;
  readonly focus: string;
  readonly shadow: string;
  readonly font: string;
  readonly scale: number;
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const onProtocol = token('on-proto');
  return {
    protocol: {
      eth: token('eth'),
      arp: token('arp'),
      ip: token('ip'),
      icmp: token('icmp'),
      udp: token('udp'),
      tcp: token('tcp'),
      vxlan: token('vxlan'),
      ipip: token('ipip'),
      data: token('data'),
    },
    onProtocol,
    panel: token('panel'),
    ink: token('ink'),
    drop: token('drop'),
    onDrop: onProtocol,
    focus: token('focus'),
    shadow: style.colorScheme.includes('dark') ? 'rgb(0 0 0 / 0.55)' : 'rgb(20 24 32 / 0.22)',
    font: token('sans') || 'sans-serif',
    scale: Number(token('scale')) || 1,
  };
}
