/** Rooms: machines, pods, routers. At a distance a machine is its name and what it holds. */
import type { Node, NodeProps } from '@xyflow/react';
import { memo } from 'react';
import { actions, useApp, useDevices, useNamespaces } from '../../state';
import { cx } from '../widgets/cx';
import type { PlacedRoom } from './layout';
import { useLive, useScene } from './live';
import { moveFocus } from './moveFocus';
import { roomKey } from './plan';
import { useAddress, useNamespace, useOuterAddress } from './records';
import styles from './rooms.module.css';
import { useStrings } from './strings';

type RoomNode = Node<{ readonly id: string }>;

function RoomBase({ room, children }: { readonly room: PlacedRoom; readonly children: React.ReactNode }) {
  const isSelected = useApp(({ selection }) => selection.netns === room.id);
  // What is inside answers for itself; only the ground of the room is a place to click at.
  return (
    <div
      className={cx(styles.room, styles[room.shape])}
      data-selected={isSelected || undefined}
      data-room={room.id}
      onClick={() => actions.selectNetns(room.id)}
    >
      {children}
    </div>
  );
}

/** User space ends here, the kernel begins: it lights up when a packet is carried across. */
function Boundary({ room }: { readonly room: PlacedRoom }) {
  const isCrossed = useLive(({ crossed }) => crossed.has(room.id));
  if (room.boundary === undefined) return null;
  return (
    <div
      className={styles.boundary}
      data-boundary={room.id}
      data-crossed={isCrossed || undefined}
      style={{ top: room.boundary - 1 }}
    />
  );
}

/** What is carried across, above the lines that lead there; nothing while nothing is. */
export const BoundaryLabel = memo(function BoundaryLabel({ data }: NodeProps<RoomNode>) {
  const strings = useStrings();
  const mirrored = useScene().rooms.get(data.id)?.mirrored;
  const crossing = useLive(({ crossed }) => crossed.get(data.id));
  if (crossing?.copied !== true) return null;
  const up = crossing.up ? `↑ ${strings.copiedUp}` : '';
  const down = crossing.down ? `↓ ${strings.copiedDown}` : '';
  return (
    <span className={styles.crossing} data-mirrored={mirrored || undefined}>
      {[up, down].filter(Boolean).join('  ')}
    </span>
  );
});

export const MachineRoom = memo(function MachineRoom({ data }: NodeProps<RoomNode>) {
  const strings = useStrings();
  const room = useScene().rooms.get(data.id);
  const namespace = useNamespace(data.id);
  const address = useOuterAddress(data.id);
  const detail = useLive(({ detail: now }) => now);
  if (room === undefined || namespace === undefined) return null;
  if (detail !== 'near') return <RoomSummary room={room} />;
  return (
    <RoomBase room={room}>
      <div className={styles.head}>
        <b>
          {room.id}
          {namespace.role === 'router' ? <small>{strings.router}</small> : null}
        </b>
        {address === undefined || room.isCrowned ? null : <code>{address}</code>}
      </div>
      {room.bands.map(({ kind, x, y, w, h }) => (
        <div
          key={kind}
          className={cx(styles.band, styles[kind])}
          data-mirrored={room.mirrored || undefined}
          style={{ left: x - room.x - 1, top: y - room.y - 1, width: w, height: h }}
        >
          <span>{kind === 'user' ? strings.userSpace : strings.kernel}</span>
        </div>
      ))}
      <Boundary room={room} />
    </RoomBase>
  );
});

/** A machine from afar. Its text keeps its size on the screen as long as it has room. */
function RoomSummary({ room }: { readonly room: PlacedRoom }) {
  const strings = useStrings();
  const scene = useScene();
  const { commonPrefix } = scene;
  const isStop = useLive(({ tabStop }) => tabStop === roomKey(room.id));
  const isTiny = useLive(({ detail }) => detail === 'tiny');
  const devices = useDevices(room.id).filter(({ kind }) => kind !== 'loopback').length;
  const pods = useNamespaces().filter(({ parent, id }) => parent === room.id && id !== room.id).length;
  const busy = useLive(({ active }) =>
    [...active].some((key) => key.includes(` ${room.id}`) && belongs(key, room.id)),
  );
  const holds = pods > 0 ? strings.pods(pods) : strings.devices(devices);
  const name = isTiny && room.id.length > commonPrefix.length ? room.id.slice(commonPrefix.length) : room.id;
  return (
    <RoomBase room={room}>
      <button
        type="button"
        className={styles.summary}
        data-key={roomKey(room.id)}
        data-busy={busy || undefined}
        title={room.id}
        aria-label={`${room.id}, ${holds}`}
        tabIndex={isStop ? 0 : -1}
        onMouseDownCapture={(event) => event.preventDefault()}
        onFocus={() => scene.live.set({ tabStop: roomKey(room.id) })}
        onKeyDown={(event) => {
          if (moveFocus(event, roomKey(room.id), scene)) event.stopPropagation();
        }}
      >
        <b>{name}</b>
        {isTiny ? null : <span>{holds}</span>}
      </button>
    </RoomBase>
  );
}

function belongs(key: string, netns: string): boolean {
  const rest = key.slice(key.indexOf(' ') + 1);
  return rest === netns || rest.startsWith(`${netns}/`);
}

export const PodRoom = memo(function PodRoom({ data }: NodeProps<RoomNode>) {
  const room = useScene().rooms.get(data.id);
  const exists = useNamespace(data.id) !== undefined;
  const address = useAddress(data.id);
  if (room === undefined || !exists) return null;
  return (
    <RoomBase room={room}>
      <div className={styles.podText} title={data.id}>
        <b>{data.id}</b>
        <code>{address ?? '–'}</code>
      </div>
      <Boundary room={room} />
    </RoomBase>
  );
});

export const RouterRoom = memo(function RouterRoom({ data }: NodeProps<RoomNode>) {
  const strings = useStrings();
  const room = useScene().rooms.get(data.id);
  const exists = useNamespace(data.id) !== undefined;
  const isNear = useLive(({ detail }) => detail === 'near');
  if (room === undefined || !exists) return null;
  if (!isNear) return <RoomSummary room={room} />;
  return (
    <RoomBase room={room}>
      <div className={styles.routerText}>
        <b>{data.id}</b>
        <span>{strings.router}</span>
      </div>
    </RoomBase>
  );
});
