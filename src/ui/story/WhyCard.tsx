import { ArrowRight, Check, Dot, Minus, Plus, X } from 'lucide-react';
import { useMemo } from 'react';
import { why, type WhyRow, type WhySection } from '../../explain';
import { getTrace, useApp, type Step } from '../../state';
import { useText } from '../i18n';
import { showTable } from '../tables/show';
import { CommandLine } from '../widgets/CommandLine';
import { cx } from '../widgets/cx';
import { Fold } from '../widgets/Fold';
import { Sentence } from '../widgets/Sentence';
import { Words } from '../widgets/Words';
import styles from './why.module.css';

/** Why a step happened as it did: what was weighed, what won, what lost and why. */
export function WhyCard({ step }: { readonly step: Step }) {
  const t = useText();
  const version = useApp((state) => state.traceVersion);
  // The trace is one object that grows: its version says when to ask again.
  const answer = useMemo(() => (version < 0 ? undefined : why(step, getTrace())), [step, version]);
  if (answer === undefined) return null;
  const { lead, sections, kernel, command, rfc } = answer;
  return (
    <section className={styles.card} data-testid="why" aria-label={t('why')}>
      <p className={styles.lead}>
        <Sentence of={lead} />
      </p>
      {sections.map((section, i) => (
        <Section key={i} section={section} first={i === 0} />
      ))}
      {kernel.length === 0 && rfc === undefined ? null : (
        <div className={styles.sources} aria-label={t('why.kernel')}>
          {kernel.map((name, i) => (
            <code key={i} className={styles.kernel} title={t('why.kernelHint')}>
              {name}
            </code>
          ))}
          {rfc === undefined ? null : <Standard name={rfc} />}
        </div>
      )}
      {command === undefined ? null : (
        <div className={styles.ask}>
          <span>{t('why.ask', { netns: command.netns })}</span>
          <CommandLine netns={command.netns} command={command.text} />
        </div>
      )}
    </section>
  );
}

/** `RFC 826 §3` leads to the RFC editor's page; other standards are named. */
function Standard({ name }: { readonly name: string }) {
  const number = /^RFC (\d+)/.exec(name)?.[1];
  if (number === undefined) return <span className={styles.rfc}>{name}</span>;
  return (
    <a
      className={styles.rfc}
      href={`https://www.rfc-editor.org/rfc/rfc${number}`}
      target="_blank"
      rel="noreferrer"
    >
      {name}
    </a>
  );
}

/** Rows shown before the rest is folded away. */
const MOST_ROWS = 6;

function Section({ section, first }: { readonly section: WhySection; readonly first: boolean }) {
  const { kind, heading, rows, notes, table } = section;
  // A table that was asked in vain is told of, not spelled out.
  const inVain = !first && kind === 'candidates' && rows.length > 1 && !rows.some((row) => row.won);
  const body = (
    <>
      <Rows rows={rows} kind={kind} />
      {notes.map((note, i) => (
        <p key={i} className={styles.note}>
          <Sentence of={note} />
        </p>
      ))}
    </>
  );
  const silent = section.quiet === true && kind === 'rules';
  if (section.quiet === true && kind === 'facts') return null;
  if (inVain || silent) {
    return (
      <div className={styles.section}>
        <Fold
          className={styles.folded}
          title={
            <span>
              <Sentence of={heading} /> <span className={styles.count}>{rows.length}</span>
            </span>
          }
        >
          {body}
        </Fold>
      </div>
    );
  }
  return (
    <div className={styles.section}>
      <h3>
        <span>
          <Sentence of={heading} />
        </span>
        {table === undefined ? null : <ShowTable netns={table.netns} table={table.table} />}
      </h3>
      {body}
    </div>
  );
}

function ShowTable({ netns, table }: NonNullable<WhySection['table']>) {
  const t = useText();
  return (
    <button type="button" className={styles.show} onClick={() => showTable(netns, table)}>
      {t('why.table')}
      <ArrowRight aria-hidden />
    </button>
  );
}

interface RowsProps {
  readonly rows: readonly WhyRow[];
  readonly kind: WhySection['kind'];
}
/** The winner and the next few; the others on demand. */
function Rows({ rows, kind }: RowsProps) {
  const t = useText();
  if (rows.length === 0) return null;
  const list = (part: readonly WhyRow[]) => (
    <ul>
      {part.map((row, i) => (
        <Row key={i} row={row} kind={kind} />
      ))}
    </ul>
  );
  const most =
    rows.length > MOST_ROWS + 1 ? Math.max(MOST_ROWS, rows.findLastIndex((row) => row.won) + 1) : rows.length;
  return (
    <>
      {list(rows.slice(0, most))}
      {most < rows.length ? (
        <Fold className={styles.folded} title={t('why.more', { n: rows.length - most })}>
          {list(rows.slice(most))}
        </Fold>
      ) : null}
    </>
  );
}

const MARKS = {
  candidates: [Check, X, 'why.won', 'why.lost'],
  rules: [Check, X, 'why.matched', 'why.notMatched'],
  changes: [Plus, Minus, 'why.there', 'why.gone'],
  facts: [Dot, Dot, 'why.fact', 'why.fact'],
} as const;

function Row({ row, kind }: { readonly row: WhyRow; readonly kind: WhySection['kind'] }) {
  const t = useText();
  const [Won, Lost, wonText, lostText] = MARKS[kind];
  const Icon = row.won ? Won : Lost;
  return (
    <li
      className={cx(styles.row, styles[kind], row.won ? styles.won : styles.lost)}
      style={
        row.depth === undefined
          ? undefined
          : { paddingInlineStart: `calc(var(--space-3) + ${row.depth * 14}px)` }
      }
    >
      <Icon aria-hidden />
      <span className="visually-hidden">{t(row.won ? wonText : lostText)}</span>
      <code>{kind === 'rules' ? <Words text={row.text} /> : row.text}</code>
      <small>
        <Sentence of={row.reason} />
      </small>
    </li>
  );
}
