import {
  memo,
  useEffect,
  useId,
  useMemo,
  useState,
  type CSSProperties,
  type KeyboardEvent,
  type PointerEvent,
} from 'react';
import type { ByteRange, Layer } from '../../sim/wire';
import { useText } from '../i18n';
import { cx } from '../widgets/cx';
import { leaveKeysToPage, revealIn, useWidth } from '../widgets/dom';
import { layerColour, within, type Span } from './layers';
import styles from './hex.module.css';

interface HexProps {
  readonly bytes: Uint8Array;
  readonly layers: readonly Layer[];
  readonly changed: readonly ByteRange[];
  readonly chosen: Span | null;
  readonly hovered: Span | null;
  readonly onChoose: (at: number) => void;
  readonly onHover: (at: number | null) => void;
}

/** Sixteen bytes a row need this many characters' width; with less room there are eight. */
const WIDE_PX = 560;

const hex2 = (value: number) => value.toString(16).padStart(2, '0');
const ascii = (value: number) => (value >= 0x20 && value < 0x7f ? String.fromCharCode(value) : '·');
const byteAt = (target: EventTarget): number | null => {
  const at = target instanceof Element ? target.closest<HTMLElement>('[data-at]')?.dataset.at : undefined;
  return at === undefined ? null : Number(at);
};

/** Layer index of every byte. */
function owners(layers: readonly Layer[], length: number): Int16Array {
  const owner = new Int16Array(length).fill(-1);
  layers.forEach((layer, i) => owner.fill(i, layer.offset, layer.offset + layer.length));
  return owner;
}

function markChanged(ranges: readonly ByteRange[], length: number): Uint8Array {
  const mark = new Uint8Array(length);
  for (const [offset, n] of ranges) mark.fill(1, offset, offset + n);
  return mark;
}

interface Walk {
  readonly id: string;
  readonly length: number;
  readonly perRow: number;
  readonly from: number;
  readonly setActive: (at: number) => void;
  readonly onHover: (at: number) => void;
  readonly onChoose: (at: number) => void;
}

/** Arrow keys, Home and End move the active byte, Enter and space choose it. */
function walkWith({ id, length, perRow, from, setActive, onHover, onChoose }: Walk) {
  const move = (to: number) => {
    const at = Math.max(0, Math.min(to, length - 1));
    setActive(at);
    onHover(at);
    document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: 'nearest' });
  };
  return (event: KeyboardEvent) => {
    const start = from - (from % perRow);
    const places: Record<string, number> = {
      ArrowRight: from + 1,
      ArrowLeft: from - 1,
      ArrowDown: from + perRow,
      ArrowUp: from - perRow,
      Home: start,
      End: start + perRow - 1,
    };
    const to = places[event.key];
    if (to !== undefined) move(to);
    else if (event.key === 'Enter' || event.key === ' ') onChoose(from);
    else return;
    event.preventDefault();
  };
}

/** Bytes and characters, coloured by header. Arrow keys walk, Enter picks the field. */
export function Hex({ bytes, layers, changed, chosen, hovered, onChoose, onHover }: HexProps) {
  const t = useText();
  const id = useId();
  const { ref, width } = useWidth();
  const chosenFrom = chosen?.from;
  useEffect(() => {
    if (chosenFrom === undefined) return;
    const byte = document.getElementById(`${id}-${chosenFrom}`);
    revealIn(byte?.closest<HTMLElement>('[role="grid"]') ?? null, byte);
  }, [id, chosenFrom]);
  const [active, setActive] = useState<number | null>(null);
  const perRow = width >= WIDE_PX ? 16 : 8;
  const owner = useMemo(() => owners(layers, bytes.length), [layers, bytes]);
  const mark = useMemo(() => markChanged(changed, bytes.length), [changed, bytes]);
  const walk = walkWith({
    id,
    length: bytes.length,
    perRow,
    from: active ?? chosen?.from ?? 0,
    setActive,
    onHover,
    onChoose,
  });
  const over = (event: PointerEvent) => onHover(byteAt(event.target));
  const rows = Math.ceil(bytes.length / perRow);
  return (
    <div
      ref={ref}
      className={styles.hex}
      data-testid="hex"
      role="grid"
      tabIndex={0}
      aria-label={t('packet.hex')}
      aria-rowcount={rows}
      aria-activedescendant={active === null ? undefined : `${id}-${active}`}
      onKeyDown={walk}
      onPointerOver={over}
      onPointerLeave={() => onHover(null)}
      onFocus={() => (active === null ? setActive(chosen?.from ?? 0) : undefined)}
      onBlur={() => setActive(null)}
      onClick={(event) => {
        const at = byteAt(event.target);
        if (at !== null) onChoose(at);
        leaveKeysToPage(event);
      }}
    >
      {Array.from({ length: rows }, (_, row) => {
        const start = row * perRow;
        const end = Math.min(start + perRow, bytes.length);
        return (
          <Row
            key={start}
            id={id}
            bytes={bytes}
            layers={layers}
            owner={owner}
            mark={mark}
            start={start}
            end={end}
            perRow={perRow}
            {...clip('chosen', chosen, start, end)}
            {...clip('hovered', hovered, start, end)}
            active={active !== null && active >= start && active < end ? active : null}
          />
        );
      })}
    </div>
  );
}

type Clip<N extends string> = Readonly<Record<`${N}From` | `${N}To`, number>>;
/** The part of a span within a row, as plain numbers, so that a row is only drawn again when its own part changes. */
function clip<N extends string>(name: N, span: Span | null, start: number, end: number): Clip<N> {
  const from = span === null ? end : Math.max(span.from, start);
  const to = span === null ? end : Math.min(span.to, end);
  const isEmpty = from >= to;
  return { [`${name}From`]: isEmpty ? -1 : from, [`${name}To`]: isEmpty ? -1 : to } as Clip<N>;
}

interface RowProps extends Clip<'chosen'>, Clip<'hovered'> {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly layers: readonly Layer[];
  readonly owner: Int16Array;
  readonly mark: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly perRow: number;
  readonly active: number | null;
}

const Row = memo(function Row(props: RowProps) {
  const { id, bytes, layers, owner, mark, start, end, perRow, active } = props;
  const chosen: Span = { from: props.chosenFrom, to: props.chosenTo };
  const hovered: Span = { from: props.hoveredFrom, to: props.hoveredTo };
  const places = Array.from({ length: end - start }, (_, i) => start + i);
  const classOf = (at: number) =>
    cx(
      styles.byte,
      within(chosen, at) && styles.chosen,
      within(hovered, at) && styles.hovered,
      mark[at] === 1 && styles.changed,
      at === active && styles.active,
    );
  const colourOf = (at: number) => {
    const layer = layers[owner[at] ?? -1];
    return { '--layer': layerColour(layer?.protocol ?? 'data') } as CSSProperties;
  };
  return (
    <div role="row" className={styles.row}>
      <span role="rowheader" className={styles.offset}>
        {start.toString(16).padStart(4, '0')}
      </span>
      <span role="none" className={styles.bytes} style={{ '--n': perRow } as CSSProperties}>
        {places.map((at) => (
          <span
            key={at}
            id={`${id}-${at}`}
            role="gridcell"
            aria-selected={within(chosen, at)}
            data-at={at}
            className={classOf(at)}
            style={colourOf(at)}
          >
            {hex2(bytes[at] ?? 0)}
          </span>
        ))}
      </span>
      <span role="none" aria-hidden className={styles.text}>
        {places.map((at) => (
          <span key={at} data-at={at} className={classOf(at)} style={colourOf(at)}>
            {ascii(bytes[at] ?? 0)}
          </span>
        ))}
      </span>
    </div>
  );
});
