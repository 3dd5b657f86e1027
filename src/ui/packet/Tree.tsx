import { ChevronRight } from 'lucide-react';
import { useEffect, useRef, useState, type CSSProperties, type KeyboardEvent } from 'react';
import type { ByteRange, Field, Layer } from '../../sim/wire';
import { useLang, useText } from '../i18n';
import { cx } from '../widgets/cx';
import { leaveKeysToPage, revealIn } from '../widgets/dom';
import { longName } from '../widgets/protocols';
import { fieldName, fieldNote } from './fieldNames';
import { isLayerOpen, opensAtFirst, withLayer } from './folding';
import { layerColour, sameSpot, type Spot } from './layers';
import styles from './packet.module.css';

interface TreeProps {
  readonly layers: readonly Layer[];
  readonly changed: readonly ByteRange[];
  readonly chosen: Spot | null;
  readonly hovered: Spot | null;
  readonly onChoose: (spot: Spot | null) => void;
  readonly onHover: (spot: Spot | null) => void;
}

const touches = (ranges: readonly ByteRange[], offset: number, length: number) =>
  ranges.some(([at, n]) => at < offset + length && offset < at + n);

/** The dissection: a line for every header, its fields below; ↑↓ walk, → opens, ← closes. */
export function Tree({ layers, changed, chosen, hovered, onChoose, onHover }: TreeProps) {
  const t = useText();
  const [closed, setClosed] = useState<ReadonlySet<number>>(
    () => new Set(layers.flatMap((layer, i) => (opensAtFirst(layer) ? [] : [i]))),
  );
  const tree = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chosen === null) return;
    const field = chosen.field === null ? ':not([data-field])' : `[data-field="${chosen.field}"]`;
    revealIn(
      tree.current,
      tree.current?.querySelector<HTMLElement>(`[data-layer="${chosen.layer}"]${field}`) ?? null,
    );
  }, [chosen]);
  const isOpen = (layer: number) => isLayerOpen({ closed, chosen }, layer);
  const toggle = (layer: number, open: boolean) => {
    const next = withLayer({ closed, chosen }, layer, open);
    setClosed(next.closed);
    if (next.chosen !== chosen) onChoose(next.chosen);
  };
  const walk = (event: KeyboardEvent) => {
    const items = [...(tree.current?.querySelectorAll<HTMLElement>('[role="treeitem"]') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const layer = Number(items[at]?.dataset.layer);
    const onField = items[at]?.dataset.field !== undefined;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) items[Math.max(0, Math.min(to, items.length - 1))]?.focus();
    else if (event.key === 'ArrowRight' && !onField) toggle(layer, true);
    else if (event.key === 'ArrowLeft' && onField) {
      items.find((item) => item.dataset.layer === String(layer) && item.dataset.field === undefined)?.focus();
    } else if (event.key === 'ArrowLeft') toggle(layer, false);
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={tree}
      role="tree"
      aria-label={t('packet.tree')}
      className={styles.tree}
      data-testid="packet-tree"
      onKeyDown={walk}
      onClick={leaveKeysToPage}
      onPointerLeave={() => onHover(null)}
    >
      {layers.map((layer, i) => (
        <LayerItem
          key={i}
          layer={layer}
          index={i}
          open={isOpen(i)}
          changed={changed}
          chosen={chosen}
          hovered={hovered}
          onToggle={() => toggle(i, !isOpen(i))}
          onChoose={onChoose}
          onHover={onHover}
        />
      ))}
    </div>
  );
}

const NOTHING: readonly ByteRange[] = [];

interface LayerItemProps extends Omit<TreeProps, 'layers'> {
  readonly layer: Layer;
  readonly index: number;
  readonly open: boolean;
  readonly onToggle: () => void;
}

function LayerItem({ layer, index, open, onToggle, ...rest }: LayerItemProps) {
  const lang = useLang();
  const { changed } = rest;
  const hasFields = layer.fields.length > 0;
  // A header that was put on is new as a whole: marking each of its fields would say nothing.
  const isNew = changed.some(([at, n]) => at <= layer.offset && at + n >= layer.offset + layer.length);
  return (
    <div
      className={styles.layer}
      style={
        {
          '--layer': layerColour(layer.protocol),
          '--depth': layer.depth + (layer.quoted ? 1 : 0),
        } as CSSProperties
      }
    >
      <LayerHead layer={layer} index={index} open={open} onToggle={onToggle} {...rest} />
      {layer.malformed === undefined ? null : (
        <p className={styles.malformed}>{fieldNote(layer.malformed, lang)}</p>
      )}
      {open && hasFields ? (
        <div role="group" className={styles.fields}>
          {layer.fields.map((field, i) => (
            <FieldItem
              key={i}
              field={field}
              spot={{ layer: index, field: i }}
              {...rest}
              changed={isNew ? NOTHING : changed}
            />
          ))}
        </div>
      ) : null}
    </div>
  );
}

/** The line of one header. */
function LayerHead({
  layer,
  index,
  open,
  changed,
  chosen,
  hovered,
  onToggle,
  onChoose,
  onHover,
}: LayerItemProps) {
  const t = useText();
  const spot: Spot = { layer: index, field: null };
  const hasFields = layer.fields.length > 0;
  const isChanged = touches(changed, layer.offset, layer.length);
  return (
    <div
      role="treeitem"
      aria-level={1}
      aria-expanded={hasFields ? open : undefined}
      aria-selected={sameSpot(chosen, spot)}
      tabIndex={index === 0 ? 0 : -1}
      data-layer={index}
      className={cx(
        styles.layerHead,
        sameSpot(hovered, spot) && styles.hovered,
        sameSpot(chosen, spot) && styles.chosen,
      )}
      onClick={() => {
        onChoose(spot);
        if (hasFields) onToggle();
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onChoose(spot);
      }}
      onPointerEnter={() => onHover(spot)}
      onFocus={() => onHover(spot)}
    >
      <ChevronRight
        aria-hidden
        className={cx(styles.fold, open && styles.isOpen, !hasFields && styles.leaf)}
      />
      <i aria-hidden />
      <span className={styles.layerText}>
        <b>{layer.protocol === 'data' ? t('packet.data') : longName[layer.protocol]}</b>
        {layer.quoted ? <em>{t('packet.quoted')}</em> : null}{' '}
        <span>{layer.protocol === 'data' ? '' : layer.summary}</span>
      </span>
      {isChanged ? (
        <span className={styles.delta} title={t('hop.changed')}>
          <span aria-hidden>{'Δ'}</span>
          <span className="visually-hidden">{t('hop.changed')}</span>
        </span>
      ) : null}
      <small>{layer.length}</small>
    </div>
  );
}

interface FieldItemProps extends Omit<TreeProps, 'layers'> {
  readonly field: Field;
  readonly spot: Spot;
}

function FieldItem({ field, spot, changed, chosen, hovered, onChoose, onHover }: FieldItemProps) {
  const t = useText();
  const lang = useLang();
  const isChanged = touches(changed, field.offset, field.length);
  return (
    <div
      role="treeitem"
      aria-level={2}
      aria-selected={sameSpot(chosen, spot)}
      tabIndex={-1}
      data-layer={spot.layer}
      data-field={spot.field}
      title={field.name}
      className={cx(
        styles.field,
        sameSpot(hovered, spot) && styles.hovered,
        sameSpot(chosen, spot) && styles.chosen,
        isChanged && styles.changed,
      )}
      onClick={() => onChoose(spot)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onChoose(spot);
      }}
      onPointerEnter={() => onHover(spot)}
      onFocus={() => onHover(spot)}
    >
      <span>{fieldName(field, lang)}</span>
      <span>
        <code>{field.value}</code>
        {field.note === undefined ? null : <small>{fieldNote(field.note, lang)}</small>}
      </span>
      {isChanged ? <span className="visually-hidden">{t('hop.changed')}</span> : null}
    </div>
  );
}
