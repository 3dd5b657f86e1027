/** The small things with names: devices, ports, the IP layer, processes. */
import type { Node, NodeProps } from '@xyflow/react';
import { memo, type KeyboardEvent, type ReactNode } from 'react';
import { actions, useApp, useDevices, useTable, type LinkRow } from '../../state';
import { cx } from '../widgets/cx';
import styles from './chips.module.css';
import { useLive, useScene } from './live';
import { moveFocus } from './moveFocus';
import { nameOf, netnsOf, placeName } from './plan';
import { conditionOf, useAddress, useDevice, useNamespace, useProcess } from './records';
import { useStrings, type StageStrings } from './strings';

type ChipNode = Node<{ readonly key: string }>;

interface FrameProps {
  readonly place: string;
  readonly className: string | undefined;
  readonly label: string;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
  readonly children: ReactNode;
}

/** What all chips share: glow, drop, selection, keyboard, card. */
function ChipFrame({ place, className, label, isSelected, onSelect, children }: FrameProps) {
  const strings = useStrings();
  const scene = useScene();
  const isActive = useLive(({ active }) => active.has(place));
  const decides = useLive((state) => state.decides === place);
  const reason = useLive(({ dropped }) => (dropped?.key === place ? dropped.reason : undefined));
  const isStop = useLive(({ tabStop }) => tabStop === place);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') scene.live.set({ hovered: null });
    else if (moveFocus(event, place, scene)) event.stopPropagation();
  };
  return (
    <>
      <button
        type="button"
        data-key={place}
        data-place={placeName(place)}
        data-active={isActive || undefined}
        data-selected={isSelected || undefined}
        data-dropped={reason === undefined ? undefined : true}
        data-decides={decides || undefined}
        className={cx(styles.chip, className)}
        aria-label={reason === undefined ? label : `${label}. ${strings.dropped(reason)}`}
        aria-pressed={isSelected}
        tabIndex={isStop ? 0 : -1}
        // The mouse leaves the keyboard where it is: the arrow keys go on stepping. React Flow's zoom keeps the event
        // from bubbling up to React, so it is met on its way down.
        onMouseDownCapture={(event) => event.preventDefault()}
        onClick={onSelect}
        onKeyDown={onKeyDown}
        onFocus={() => scene.live.set({ hovered: place, tabStop: place })}
        onBlur={() => scene.live.set({ hovered: null })}
        onPointerEnter={(event) => event.pointerType === 'mouse' && scene.live.set({ hovered: place })}
        onPointerLeave={() => scene.live.set({ hovered: null })}
      >
        {children}
      </button>
      {reason === undefined ? null : (
        <span className={styles.reason} aria-hidden>
          {reason}
        </span>
      )}
    </>
  );
}

function useIsSelected(netns: string, dev: string): boolean {
  return useApp(({ selection }) => selection.netns === netns && selection.dev === dev);
}

/** The second line of a device. */
function useDetail(netns: string, row: LinkRow | undefined, strings: StageStrings): string | undefined {
  const address = useAddress(netns, row?.ifname ?? '');
  const fdb = useTable(row?.kind === 'bridge' ? netns : null, 'fdb');
  if (row === undefined) return undefined;
  if (row.kind === 'bridge') {
    const learned = fdb.filter(
      (entry) => entry.master === row.ifname && entry.state !== 'permanent' && entry.dst === undefined,
    );
    return strings.macs(new Set(learned.map(({ mac }) => mac)).size);
  }
  if (row.vxlan) return strings.vtep(row.vxlan.id);
  if (row.kind === 'tun' || row.kind === 'ipip') return strings.kind[row.kind];
  return address ?? strings.kind[row.kind];
}

function DownTag({ row, strings }: { readonly row: LinkRow; readonly strings: StageStrings }) {
  const condition = conditionOf(row);
  if (condition === 'up') return null;
  return <span className={styles.tag}>{condition === 'down' ? strings.down : strings.noCarrier}</span>;
}

const TUNNELS = new Set(['vxlan', 'ipip', 'tun']);

export const DeviceChip = memo(function DeviceChip({ data }: NodeProps<ChipNode>) {
  const strings = useStrings();
  const [netns, dev] = [netnsOf(data.key), nameOf(data.key)];
  const row = useDevice(netns, dev);
  const chip = useScene().chips.get(data.key);
  const detail = useDetail(netns, row, strings);
  const isSelected = useIsSelected(netns, dev);
  if (row === undefined || chip === undefined) return null;
  const isSmall = chip.h < 40;
  return (
    <ChipFrame
      place={data.key}
      className={cx(
        chip.kind === 'bridge' && styles.bridge,
        TUNNELS.has(row.kind) && styles[row.kind],
        isSmall && styles.small,
        conditionOf(row) !== 'up' && styles.down,
      )}
      label={`${dev}, ${strings.kind[row.kind]}, ${netns}`}
      isSelected={isSelected}
      onSelect={() => actions.selectDevice(netns, dev)}
    >
      <span className={styles.text}>
        <span className={styles.name}>{dev}</span>
        {isSmall || detail === undefined ? null : <span className={styles.detail}>{detail}</span>}
      </span>
      <DownTag row={row} strings={strings} />
    </ChipFrame>
  );
});

/** A veth's or a switch's end: a name on a small plate, or a socket without one. */
export const PortChip = memo(function PortChip({ data }: NodeProps<ChipNode>) {
  const strings = useStrings();
  const [netns, dev] = [netnsOf(data.key), nameOf(data.key)];
  const row = useDevice(netns, dev);
  const chip = useScene().chips.get(data.key);
  const isSelected = useIsSelected(netns, dev);
  if (row === undefined || chip === undefined) return null;
  return (
    <ChipFrame
      place={data.key}
      className={cx(
        chip.kind === 'socket' ? styles.socket : styles.port,
        conditionOf(row) !== 'up' && styles.down,
      )}
      label={`${dev}, ${strings.kind[row.kind]}, ${netns}`}
      isSelected={isSelected}
      onSelect={() => actions.selectDevice(netns, dev)}
    >
      {chip.kind === 'socket' ? null : <span className={styles.portName}>{dev}</span>}
    </ChipFrame>
  );
});

export const IpChip = memo(function IpChip({ data }: NodeProps<ChipNode>) {
  const strings = useStrings();
  const netns = netnsOf(data.key);
  const exists = useNamespace(netns) !== undefined;
  const routes = useTable(netns, 'route').filter(
    ({ table }) => table === undefined || table === 'main',
  ).length;
  const isSelected = useApp(({ selection }) => selection.netns === netns && selection.dev === null);
  if (!exists) return null;
  return (
    <ChipFrame
      place={data.key}
      className={styles.ip}
      label={`${strings.ipRouting}, ${strings.routes(routes)}, ${netns}`}
      isSelected={isSelected}
      onSelect={() => actions.selectNetns(netns)}
    >
      <span className={styles.text}>
        <span className={styles.name}>{strings.ipRouting}</span>
        <span className={styles.detail}>{strings.routes(routes)}</span>
      </span>
    </ChipFrame>
  );
});

export const ProcessChip = memo(function ProcessChip({ data }: NodeProps<ChipNode>) {
  const strings = useStrings();
  const [netns, name] = [netnsOf(data.key), nameOf(data.key)];
  const row = useProcess(netns, name);
  if (row === undefined) return null;
  const isDown = row.state !== 'running';
  return (
    <ChipFrame
      place={data.key}
      className={cx(styles.process, isDown && styles.down)}
      label={`${name}, ${strings.process}, ${netns}${isDown ? `, ${strings[row.state === 'failed' ? 'failed' : 'stopped']}` : ''}`}
      isSelected={false}
      onSelect={() => actions.selectNetns(netns)}
    >
      <span className={styles.name}>{name}</span>
      {isDown ? (
        <span className={styles.tag}>{strings[row.state === 'failed' ? 'failed' : 'stopped']}</span>
      ) : null}
    </ChipFrame>
  );
});

export const SwitchBody = memo(function SwitchBody({ data }: NodeProps<ChipNode>) {
  const strings = useStrings();
  const netns = netnsOf(data.key);
  const exists = useNamespace(netns) !== undefined;
  const ports = useDevices(netns).filter(({ kind }) => kind !== 'bridge' && kind !== 'loopback').length;
  const isSelected = useApp(({ selection }) => selection.netns === netns);
  if (!exists) return null;
  return (
    <ChipFrame
      place={data.key}
      className={styles.switch}
      label={`${netns}, ${strings.switch}, ${strings.ports(ports)}`}
      isSelected={isSelected}
      onSelect={() => actions.selectNetns(netns)}
    >
      <span className={styles.switchText}>
        <b>{netns}</b>
        <span className={styles.switchDetail}>
          {strings.switch} · {strings.ports(ports)}
        </span>
      </span>
    </ChipFrame>
  );
});
