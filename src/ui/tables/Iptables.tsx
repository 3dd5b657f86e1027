import { memo, useCallback, useMemo, useState } from 'react';
import { ChevronRight } from 'lucide-react';
import { rulesTried, type RuleMark } from '../../explain';
import {
  getTrace,
  useApp,
  useCounters,
  useRowMarks,
  useTableWithKeys,
  type Counters,
  type RowMarks,
} from '../../state';
import { useText } from '../i18n';
import { CommandLine } from '../widgets/CommandLine';
import { cx } from '../widgets/cx';
import { Words } from '../widgets/Words';
import { useCurrentStep } from '../widgets/useShown';
import { useFilter } from './Filter';
import styles from './netfilter.module.css';
import {
  groupRuleset,
  markIndex,
  ruleParts,
  shortNumber,
  type ChainEntry,
  type RulesetTable,
} from './ruleset';
import { Section } from './Section';
import { withRemoved } from './removed';

type Marks = ReadonlyMap<string, RuleMark['how']>;
type CountersOf = (key: string) => Counters | undefined;

/** Rules that the current step's packet was tried against here. */
function useRuleMarks(netns: string): Marks {
  const step = useCurrentStep();
  const cursor = useApp((state) => state.cursor);
  return useMemo(() => {
    if (step === undefined || cursor > step.last) return new Map();
    return markIndex(rulesTried(step, getTrace()), netns);
  }, [step, cursor, netns]);
}

/** Chains and rules with their counters, as `iptables -L -v -n --line-numbers` lists them. */
export function Iptables({ netns }: { readonly netns: string }) {
  const current = useTableWithKeys(netns, 'iptables');
  const changes = useRowMarks(netns, 'iptables');
  const marks = useRuleMarks(netns);
  const counters = useCounters(netns);
  const tables = useMemo(() => {
    const gone = new Set(changes.removed.map(({ key }) => key));
    return groupRuleset(withRemoved(current, changes), gone);
  }, [current, changes]);
  if (tables.length === 0) return null;
  const rules = tables.reduce((sum, table) => sum + table.rules, 0);
  return (
    <Section
      name="iptables"
      netns={netns}
      title="table.iptables"
      count={rules}
      command="iptables-save -c"
      open={rules > 0}
      touched={marks.size > 0 || changes.changed.size > 0}
    >
      {tables.map((table) => (
        <OneTable
          key={table.name}
          netns={netns}
          table={table}
          marks={marks}
          changes={changes}
          counters={counters}
        />
      ))}
    </Section>
  );
}

interface OneTableProps {
  readonly netns: string;
  readonly table: RulesetTable;
  readonly marks: Marks;
  readonly changes: RowMarks;
  readonly counters: CountersOf;
}
function OneTable({ netns, table, marks, changes, counters }: OneTableProps) {
  const t = useText();
  const [chosen, choose] = useState<boolean | null>(null);
  const touched =
    table.chains.some(({ name }) => touchedChain(table.name, name, marks)) ||
    table.chains.some(({ rules }) => rules.some(({ key }) => changes.changed.has(key)));
  const isOpen = chosen ?? (table.rules > 0 || touched);
  const option = table.name === 'filter' ? '' : `-t ${table.name} `;
  return (
    <div className={styles.table} data-testid={`iptables-${table.name}`}>
      <div className={styles.tableHead}>
        <button type="button" aria-expanded={isOpen} onClick={() => choose(!isOpen)}>
          <ChevronRight aria-hidden className={cx(isOpen && styles.isOpen)} />
          <code>{table.name}</code>
          <span>{t('iptables.rules', { n: table.rules })}</span>
        </button>
        {isOpen ? <CommandLine netns={netns} command={`iptables ${option}-L -v -n`} bare /> : null}
      </div>
      {isOpen
        ? table.chains.map((chain) => (
            <Chain
              key={chain.name}
              table={table.name}
              chain={chain}
              marks={marks}
              changes={changes}
              counters={counters}
            />
          ))
        : null}
    </div>
  );
}

function touchedChain(table: string, chain: string, marks: Marks): boolean {
  const head = `${table} ${chain} `;
  for (const id of marks.keys()) if (id.startsWith(head)) return true;
  return false;
}

interface ChainProps extends Omit<OneTableProps, 'table' | 'netns'> {
  readonly table: string;
  readonly chain: ChainEntry;
}
const textOf = (rule: ChainEntry['rules'][number]) => rule.text;

function Chain({ table, chain, marks, changes, counters }: ChainProps) {
  const t = useText();
  const howOf = useCallback(
    (number: number) => marks.get(`${table} ${chain.name} ${number}`),
    [marks, table, chain.name],
  );
  const { shown, box, more } = useFilter(
    chain.rules,
    textOf,
    ({ number, key }) => (number > 0 && howOf(number) !== undefined) || changes.changed.has(key),
  );
  const policy = counters(chain.key);
  const decided = howOf(0) === 'decided';
  return (
    <div className={styles.chain}>
      <p
        className={cx(styles.chainHead, decided && styles.decided)}
        data-how={decided ? 'decided' : undefined}
      >
        {decided ? <span className="visually-hidden">{t('iptables.decided')}</span> : null}
        <code>
          {'Chain '}
          <b>{chain.name}</b>
          {chain.policy === undefined
            ? ` (${chain.references} references)`
            : ` (policy ${chain.policy} ${shortNumber(policy?.packets ?? 0)} packets, ${shortNumber(policy?.bytes ?? 0)} bytes)`}
        </code>
      </p>
      {box}
      {chain.rules.length === 0 ? null : (
        <table className={styles.rules} role="table" aria-label={`${table} ${chain.name}`}>
          <thead role="rowgroup">
            <tr role="row">
              <th role="columnheader">
                <span className="visually-hidden">{t('column.mark')}</span>
              </th>
              {['num', 'pkts', 'bytes'].map((name) => (
                <th key={name} role="columnheader" className={styles.number}>
                  {name}
                </th>
              ))}
              <th role="columnheader">{t('column.rule')}</th>
            </tr>
          </thead>
          <tbody role="rowgroup">
            {shown.map(({ key, number, text }) => {
              const counted = number > 0 ? counters(key) : undefined;
              return (
                <Rule
                  key={key}
                  number={number}
                  text={text}
                  packets={counted?.packets ?? 0}
                  bytes={counted?.bytes ?? 0}
                  how={number > 0 ? howOf(number) : undefined}
                  change={changes.changed.get(key)}
                />
              );
            })}
          </tbody>
        </table>
      )}
      {more}
    </div>
  );
}

interface RuleProps {
  readonly number: number;
  readonly text: string;
  readonly packets: number;
  readonly bytes: number;
  readonly how: RuleMark['how'] | undefined;
  readonly change: 'added' | 'changed' | 'removed' | undefined;
}
const SIGN = { decided: '▸', matched: '↳', tried: '×', added: '+', changed: '~', removed: '−' } as const;

const SAY = {
  decided: 'iptables.decided',
  matched: 'iptables.matched',
  tried: 'iptables.tried',
  added: 'mark.added',
  changed: 'mark.changed',
  removed: 'mark.removed',
} as const;

const Rule = memo(function Rule({ number, text, packets, bytes, how, change }: RuleProps) {
  const t = useText();
  const found = [...(how === undefined ? [] : [how]), ...(change === undefined ? [] : [change])];
  return (
    <tr
      role="row"
      className={cx(...found.map((mark) => styles[mark]))}
      data-marks={found.join(' ') || undefined}
    >
      <td role="cell" className={styles.gutter}>
        {found.map((mark) => (
          <span key={mark} title={t(SAY[mark])}>
            <span aria-hidden>{SIGN[mark]}</span>
            <span className="visually-hidden">{t(SAY[mark])}</span>
          </span>
        ))}
      </td>
      <td role="cell" className={styles.number}>
        {number > 0 ? number : ''}
      </td>
      <td role="cell" className={cx(styles.number, packets === 0 && styles.zero)}>
        {shortNumber(packets)}
      </td>
      <td role="cell" className={cx(styles.number, bytes === 0 && styles.zero)}>
        {shortNumber(bytes)}
      </td>
      <td role="cell" className={styles.text}>
        {ruleParts(text).map((part, i) => (
          <span key={i} className={styles[part.kind]}>
            <Words text={part.text} />
          </span>
        ))}
      </td>
    </tr>
  );
});
