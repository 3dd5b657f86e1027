/** What there is to say about the device under the mouse or the keyboard. */
import { useStore } from '@xyflow/react';
import { useTable } from '../../state';
import styles from './card.module.css';
import { useLive, useScene } from './live';
import { nameOf, netnsOf } from './plan';
import { conditionOf, useDevice, useProcess } from './records';
import { useStrings } from './strings';

/** Half of the widest card. */
const HALF = 188;

export function Card() {
  const hovered = useLive((state) => state.hovered);
  const { chips } = useScene();
  const chip = hovered === null ? undefined : chips.get(hovered);
  const [left, top, zoom] = useStore((state) => state.transform);
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  if (hovered === null || chip === undefined) return null;
  const x = (chip.x + chip.w / 2) * zoom + left;
  const below = (chip.y + chip.h) * zoom + top;
  const isLow = below > height * 0.62;
  const position = isLow ? { bottom: height - (chip.y * zoom + top) + 12 } : { top: below + 10 };
  return (
    <div
      className={styles.card}
      role="tooltip"
      style={{ left: Math.min(Math.max(x, HALF), Math.max(HALF, width - HALF)), ...position }}
    >
      {hovered.startsWith('dev ') ? (
        <DeviceCard netns={netnsOf(hovered)} dev={nameOf(hovered)} />
      ) : hovered.startsWith('proc ') ? (
        <ProcessCard netns={netnsOf(hovered)} name={nameOf(hovered)} />
      ) : (
        <RoutesCard netns={netnsOf(hovered)} />
      )}
    </div>
  );
}

type Fact = readonly [label: string, value: string];
function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl>
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function DeviceCard({ netns, dev }: { readonly netns: string; readonly dev: string }) {
  const strings = useStrings();
  const row = useDevice(netns, dev);
  const addresses = useTable(netns, 'addr').filter((it) => it.dev === dev);
  if (row === undefined) return null;
  const facts: Fact[] = [
    [
      strings.state,
      `${conditionOf(row) === 'up' ? 'UP' : conditionOf(row) === 'down' ? 'DOWN' : 'NO-CARRIER'} · ${row.flags.join(' ')}`,
    ],
    [
      strings.addresses,
      addresses.map(({ local, prefixlen }) => `${local}/${prefixlen}`).join(', ') || strings.noAddress,
    ],
    [strings.mac, row.link_type === 'none' ? '–' : row.address],
    [strings.mtu, String(row.mtu)],
  ];
  if (row.master !== undefined) facts.push([strings.master, row.master]);
  if (row.peer !== undefined) facts.push([strings.peer, `${row.peer.netns} ${row.peer.dev}`]);
  if (row.vxlan !== undefined) {
    facts.push(
      [strings.vni, `${row.vxlan.id} · dstport ${row.vxlan.port}`],
      [strings.local, row.vxlan.local ?? '–'],
    );
  }
  return (
    <>
      <strong>
        {dev} <span>{strings.kind[row.kind]}</span>
      </strong>
      <small>{netns}</small>
      <Facts facts={facts} />
    </>
  );
}

function ProcessCard({ netns, name }: { readonly netns: string; readonly name: string }) {
  const strings = useStrings();
  const row = useProcess(netns, name);
  if (row === undefined) return null;
  const facts: Fact[] = [
    [strings.state, row.state],
    [strings.pid, String(row.pid)],
  ];
  return (
    <>
      <strong>
        {name} <span>{strings.process}</span>
      </strong>
      <small>{netns}</small>
      <Facts facts={facts} />
      {row.note === undefined ? null : <p>{row.note}</p>}
    </>
  );
}

/** As `ip route` prints them, so far as they fit. */
function RoutesCard({ netns }: { readonly netns: string }) {
  const strings = useStrings();
  const routes = useTable(netns, 'route').filter(({ table }) => table === undefined || table === 'main');
  return (
    <>
      <strong>{strings.ipRouting}</strong>
      <small>{netns}</small>
      <pre>
        {routes
          .slice(0, 8)
          .map(
            ({ dst, gateway, dev }) =>
              `${dst}${gateway === undefined ? '' : ` via ${gateway}`}${dev === undefined ? '' : ` dev ${dev}`}`,
          )
          .join('\n')}
        {routes.length > 8 ? '\n…' : ''}
      </pre>
    </>
  );
}
