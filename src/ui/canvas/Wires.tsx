/** Every line of the stage in one drawing under the chips. Each asks the tables itself whether it is there now. */
import type { NodeProps } from '@xyflow/react';
import { memo, useMemo } from 'react';
import { useApp, useNamespaces, useTable } from '../../state';
import { cx } from '../widgets/cx';
import { tunnelPath } from './cables';
import { useLive, useScene } from './live';
import { nameOf, netnsOf, type Link } from './plan';
import { conditionOf, useDeviceAt, useProcess } from './records';
import styles from './wires.module.css';

/** More tunnels than this would be a web: then only those of the selected machine are drawn. */
const MANY_VTEPS = 6;

interface LineProps {
  readonly link: Link;
  readonly isDown?: boolean;
}
function Line({ link, isDown = false }: LineProps) {
  const isLit = useLive(({ lit }) => lit.has(link.id));
  const isTrail = useLive(({ trail }) => trail.has(link.id));
  return (
    <path
      d={link.path.d}
      data-link={link.id}
      data-lit={isLit || undefined}
      className={cx(
        styles.line,
        styles[link.kind],
        isDown && styles.down,
        isTrail && styles.trail,
        isLit && styles.lit,
      )}
    />
  );
}

/** Two ends of one cable. */
function Cable({ link }: { readonly link: Link }) {
  const a = useDeviceAt(link.a);
  const b = useDeviceAt(link.b);
  if (a === undefined || b === undefined) return null;
  if (a.peer !== undefined && (a.peer.dev !== b.ifname || a.peer.netns !== netnsOf(link.b))) return null;
  return <Line link={link} isDown={conditionOf(a) !== 'up' || conditionOf(b) !== 'up'} />;
}

/** A device and the IP layer: not while the device is a port of a bridge, and for a bridge only with an address. */
function IpLine({ link }: { readonly link: Link }) {
  const key = link.a.startsWith('dev ') ? link.a : link.b;
  const device = useDeviceAt(key);
  const hasAddress = useTable(netnsOf(key), 'addr').some(({ dev }) => dev === nameOf(key));
  if (device === undefined || device.master !== undefined) return null;
  if (
    (device.kind === 'bridge' || device.kind === 'dummy' || device.kind === 'veth') &&
    !hasAddress &&
    link.kind === 'ip'
  ) {
    if (device.kind !== 'veth') return null;
  }
  return <Line link={link} isDown={conditionOf(device) !== 'up'} />;
}

function AttachLine({ link }: { readonly link: Link }) {
  const device = useDeviceAt(link.a);
  if (device?.master !== nameOf(link.b)) return null;
  return <Line link={link} isDown={conditionOf(device) !== 'up'} />;
}

function ProgramLine({ link }: { readonly link: Link }) {
  const device = useDeviceAt(link.a);
  const process = useProcess(netnsOf(link.b), nameOf(link.b));
  return device === undefined || process?.state !== 'running' ? null : <Line link={link} />;
}

/** Programs speak to the kernel through sockets all the time: the line is seen where a packet goes. */
function SocketLine({ link }: { readonly link: Link }) {
  const isSeen = useLive(({ lit, trail }) => lit.has(link.id) || trail.has(link.id));
  return isSeen ? <Line link={link} /> : null;
}

interface TunnelProps {
  readonly a: string;
  readonly b: string;
}
/** Two VTEPs that know each other: each has the other's address in its FDB (or as its one remote). */
function Tunnel({ a, b }: TunnelProps) {
  const { layout } = useScene();
  const [one, two] = [useDeviceAt(a), useDeviceAt(b)];
  const [fdbOne, fdbTwo] = [useTable(netnsOf(a), 'fdb'), useTable(netnsOf(b), 'fdb')];
  const knows = (from: typeof one, fdb: typeof fdbOne, to: typeof two) => {
    const address = to?.vxlan?.local;
    if (from?.vxlan === undefined || address === undefined) return false;
    return (
      from.vxlan.remote === address ||
      fdb.some(({ ifname, dst }) => ifname === from.ifname && dst === address)
    );
  };
  const path = useMemo(() => {
    const [from, to] = [layout.places.get(a), layout.places.get(b)];
    return from && to ? tunnelPath(from, to) : undefined;
  }, [layout, a, b]);
  if (path === undefined || one?.vxlan?.id !== two?.vxlan?.id) return null;
  if (!knows(one, fdbOne, two) || !knows(two, fdbTwo, one)) return null;
  return <path d={path.d} className={cx(styles.line, styles.tunnel)} data-link={`tunnel ${a} ${b}`} />;
}

function Tunnels() {
  const { layout } = useScene();
  const selected = useApp(({ selection }) => selection.netns);
  const pairs = useMemo(() => {
    const { vteps } = layout;
    const all = vteps.flatMap((a, i) => vteps.slice(i + 1).map((b): [typeof a, typeof a] => [a, b]));
    if (vteps.length <= MANY_VTEPS) return all;
    return all.filter(([a, b]) => a.netns === selected || b.netns === selected);
  }, [layout, selected]);
  return pairs.map(([a, b]) => <Tunnel key={`${a.key} ${b.key}`} a={a.key} b={b.key} />);
}

function lineFor(link: Link) {
  switch (link.kind) {
    case 'cable':
    case 'plug':
      return <Cable key={link.id} link={link} />;
    case 'ip':
    case 'under':
      return <IpLine key={link.id} link={link} />;
    case 'attach':
      return <AttachLine key={link.id} link={link} />;
    case 'program':
      return <ProgramLine key={link.id} link={link} />;
    case 'socket':
      return <SocketLine key={link.id} link={link} />;
    case 'local':
    case 'tunnel':
      return null;
  }
}

/** Node data of the one drawing: nothing, everything is in the scene. */
export const Wires = memo(function Wires(_: NodeProps) {
  const { layout, chips } = useScene();
  const isNear = useLive(({ detail }) => detail === 'near');
  // Subscribed once for all: lines of namespaces that do not exist need not ask.
  const namespaces = useNamespaces();
  const existing = useMemo(() => new Set(namespaces.map(({ id }) => id)), [namespaces]);
  const shown = layout.links.filter(
    (link) =>
      link.drawn &&
      (isNear || link.kind === 'cable') &&
      !(link.kind === 'attach' && chips.get(link.a)?.kind === 'port') &&
      existing.has(netnsOf(link.a)) &&
      existing.has(netnsOf(link.b)),
  );
  return (
    <svg className={styles.wires} aria-hidden>
      {shown.map(lineFor)}
      {isNear ? <Tunnels /> : null}
    </svg>
  );
});
