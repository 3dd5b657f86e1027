import {
  Cable,
  Cpu,
  Gauge,
  Hammer,
  Network,
  Route,
  Settings2,
  ShieldBan,
  Users,
  Waypoints,
  type LucideIcon,
} from 'lucide-react';
import { useMemo, useState, type KeyboardEvent } from 'react';
import {
  actions,
  getTrace,
  namespacesAt,
  rowsAt,
  useApp,
  useNamespaces,
  useRowMarks,
  useTableWithKeys,
} from '../../state';
import { useText, type TextKey } from '../i18n';
import { Finder, FinderGroup, FinderItem } from '../widgets/Finder';
import { useCurrentStep } from '../widgets/useShown';
import styles from './break.module.css';
import { faultsOf, mendsFromTrace, type Fault, type FaultGroup, type FaultView, type Order } from './faults';
import { matches } from './search';

const ICONS: Readonly<Record<FaultGroup, LucideIcon>> = {
  mend: Hammer,
  cable: Cable,
  quality: Gauge,
  route: Route,
  neigh: Users,
  fdb: Network,
  tunnel: Waypoints,
  firewall: ShieldBan,
  system: Settings2,
  daemon: Cpu,
};
const GROUPS: readonly (readonly [FaultGroup, TextKey])[] = [
  ['cable', 'fault.group.cable'],
  ['route', 'table.route'],
  ['neigh', 'table.neigh'],
  ['fdb', 'table.fdb'],
  ['tunnel', 'fault.group.tunnel'],
  ['firewall', 'fault.group.firewall'],
  ['system', 'fault.group.system'],
  ['daemon', 'fault.group.daemon'],
  ['quality', 'fault.group.quality'],
];

interface Offer {
  readonly key: string;
  readonly fault: Fault;
}
interface Offers {
  readonly mends: readonly Offer[];
  readonly breaks: readonly Offer[];
}

const commandsOf = ({ choices }: Fault) =>
  choices[0]?.orders.map(({ netns, command }) => `${netns} ${command}`).join('\n') ?? '';

/** Of two that run the same commands, the first. */
function once(faults: readonly Fault[]): Fault[] {
  const seen = new Set<string>();
  return faults.filter((fault) => {
    const commands = commandsOf(fault);
    return seen.has(commands) ? false : seen.add(commands);
  });
}

/** Other namespaces that are searched too, and hits in them that are shown. */
const MOST_ELSEWHERE = { namespaces: 24, hits: 20 };

function useView(): FaultView {
  const cursor = useApp((state) => state.cursor);
  const version = useApp((state) => state.traceVersion);
  return useMemo(
    () => ({
      namespaces: version < 0 ? [] : namespacesAt(cursor),
      rows: (id, table) => rowsAt(cursor, id, table),
    }),
    [cursor, version],
  );
}

const offersOf = (faults: readonly Fault[]): Offer[] =>
  faults.map((fault) => ({ key: `${fault.group} ${commandsOf(fault)}`, fault }));

/** What the tables at the cursor allow in a namespace; what there is to mend, also where else commands were run. */
function useOffers(view: FaultView, netns: string): Offers {
  const cursor = useApp((state) => state.cursor);
  const journal = useApp((state) => state.journal);
  return useMemo(() => {
    const { events, upSeq } = getTrace();
    const here = faultsOf(view, netns);
    const known = new Set(view.namespaces.map(({ id }) => id));
    const elsewhere = new Set(
      journal.map((entry) => entry.netns).filter((id) => id !== netns && known.has(id)),
    );
    const mends = [
      ...mendsFromTrace(view, events, upSeq, cursor),
      ...here.filter(({ group }) => group === 'mend'),
      ...[...elsewhere].flatMap((id) => faultsOf(view, id).filter(({ group }) => group === 'mend')),
    ];
    const mending = new Set(mends.map(commandsOf));
    const breaks = here.filter((fault) => fault.group !== 'mend' && !mending.has(commandsOf(fault)));
    return { mends: offersOf(once(mends)), breaks: offersOf(once(breaks)) };
  }, [view, cursor, journal, netns]);
}

/** What could be broken in other namespaces, once somebody searches. */
function useElsewhere(view: FaultView, netns: string, isSearching: boolean): readonly Offer[] {
  return useMemo(() => {
    if (!isSearching) return [];
    const others = view.namespaces.filter(({ id }) => id !== netns).slice(0, MOST_ELSEWHERE.namespaces);
    const faults = others.flatMap(({ id }) => faultsOf(view, id));
    return offersOf(once(faults.filter(({ group }) => group !== 'mend')));
  }, [view, netns, isSearching]);
}

/** Rows that decided the current step, when it happened here: the quickest way to a failure one understands. */
function useUsedRows(netns: string): ReadonlySet<object> {
  const tables = {
    route: useTableWithKeys(netns, 'route'),
    neigh: useTableWithKeys(netns, 'neigh'),
    fdb: useTableWithKeys(netns, 'fdb'),
  };
  const marks = {
    route: useRowMarks(netns, 'route').used,
    neigh: useRowMarks(netns, 'neigh').used,
    fdb: useRowMarks(netns, 'fdb').used,
  };
  const used = new Set<object>();
  for (const { key, row } of tables.route) if (marks.route.has(key)) used.add(row);
  for (const { key, row } of tables.neigh) if (marks.neigh.has(key)) used.add(row);
  for (const { key, row } of tables.fdb) if (marks.fdb.has(key)) used.add(row);
  return used;
}

interface BreakPanelProps {
  readonly netns: string;
  readonly onClose: () => void;
}

/** Faults and mends of one namespace, found by their words. */
export default function BreakPanel({ netns, onClose }: BreakPanelProps) {
  const t = useText();
  const [where, setWhere] = useState(netns);
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState<Readonly<Record<string, number>>>({});
  const view = useView();
  const { mends, breaks } = useOffers(view, where);
  const here = useGroups(where, breaks, mends);
  const listed = new Set(here.flatMap(({ offers }) => offers.map(({ fault }) => commandsOf(fault))));
  const elsewhere = useElsewhere(view, where, query.trim() !== '');
  const groups: readonly Group[] = [
    ...here,
    {
      label: t('fault.group.elsewhere'),
      offers: elsewhere.filter(({ fault }) => !listed.has(commandsOf(fault))),
      most: MOST_ELSEWHERE.hits,
    },
  ];
  const shown = groups.map(({ label, offers, most }) => ({
    label,
    offers: offers
      .filter(({ fault }) => matches(wordsOf(fault, t(fault.text, fault.values), label), query.trim()))
      .slice(0, most),
  }));
  const all = new Map(groups.flatMap(({ offers }) => offers.map((offer) => [offer.key.trim(), offer])));
  const onKeyDown = (event: KeyboardEvent, key: string) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const count = all.get(key)?.fault.choices.length ?? 0;
    if (by === 0 || count < 2) return;
    event.preventDefault();
    setChosen((now) => ({ ...now, [key]: ((now[key] ?? 0) + by + count) % count }));
  };
  return (
    <Finder
      label={t('break.title')}
      placeholder={t('fault.find')}
      none={t('fault.none')}
      query={query}
      onQuery={setQuery}
      onKeyDown={onKeyDown}
      head={<Where netns={where} onChange={setWhere} />}
      foot={<p className={styles.keys}>{t('fault.keys')}</p>}
    >
      {shown.map(({ label, offers }) =>
        offers.length === 0 ? null : (
          <FinderGroup key={label} label={label}>
            {offers.map(({ key, fault }) => (
              <FaultItem
                key={key}
                value={key.trim()}
                fault={fault}
                choice={chosen[key.trim()] ?? 0}
                onChoose={(index) => setChosen((now) => ({ ...now, [key.trim()]: index }))}
                onRun={(orders) => {
                  onClose();
                  actions.slipIn(orders);
                }}
              />
            ))}
          </FinderGroup>
        ),
      )}
    </Finder>
  );
}

const wordsOf = (fault: Fault, text: string, group: string) =>
  `${text} ${group} ${fault.choices.map(({ label, orders }) => `${label} ${orders.map(({ netns, command }) => `${netns} ${command}`).join(' ')}`).join(' ')}`;

interface Group {
  readonly label: string;
  readonly offers: readonly Offer[];
  /** Hits that are shown; all when absent. */
  readonly most?: number;
}

/** What can be mended, what the current step used, the device selected, then everything else by kind. */
function useGroups(netns: string, breaks: readonly Offer[], mends: readonly Offer[]): Group[] {
  const t = useText();
  const step = useCurrentStep();
  const selection = useApp((state) => state.selection);
  const used = useUsedRows(netns);
  const isUsed = ({ fault }: Offer) => fault.row !== undefined && used.has(fault.row);
  const dev = selection.netns === netns ? selection.dev : null;
  const isOfDevice = (offer: Offer) => dev !== null && offer.fault.dev === dev && !isUsed(offer);
  const rest = breaks.filter((offer) => !isUsed(offer) && !isOfDevice(offer));
  return [
    { label: t('fault.group.mend'), offers: mends },
    { label: t('break.used', { netns: step?.netns ?? netns }), offers: breaks.filter(isUsed) },
    { label: t('fault.group.device', { dev: dev ?? '' }), offers: breaks.filter(isOfDevice) },
    ...GROUPS.map(([group, text]) => ({
      label: t(text),
      offers: rest.filter(({ fault }) => fault.group === group),
    })),
  ];
}

/** The machine or namespace that is to be broken. */
function Where({ netns, onChange }: { readonly netns: string; readonly onChange: (netns: string) => void }) {
  const t = useText();
  const namespaces = useNamespaces();
  return (
    <label className={styles.where}>
      <span>{t('fault.where')}</span>
      <select value={netns} onChange={(event) => onChange(event.target.value)} data-testid="break-where">
        {namespaces.map(({ id, role }) => (
          <option key={id} value={id}>{`${id} · ${t(`role.${role}`)}`}</option>
        ))}
      </select>
    </label>
  );
}

interface FaultItemProps {
  readonly value: string;
  readonly fault: Fault;
  readonly choice: number;
  readonly onChoose: (index: number) => void;
  readonly onRun: (orders: readonly Order[]) => void;
}
function FaultItem({ value, fault, choice, onChoose, onRun }: FaultItemProps) {
  const t = useText();
  const { group, text, values, choices } = fault;
  const orders = choices[choice]?.orders ?? [];
  const Icon = ICONS[group];
  return (
    <FinderItem
      value={value}
      icon={<Icon aria-hidden />}
      title={
        <>
          <span>{t(text, values)}</span>
          {choices.length < 2 ? null : (
            <span className={styles.choices} title={t('fault.choose')}>
              {choices.map(({ label }, i) => (
                <span
                  key={label}
                  data-on={i === choice || undefined}
                  onClick={(event) => {
                    event.stopPropagation();
                    onChoose(i);
                  }}
                >
                  {label}
                </span>
              ))}
            </span>
          )}
        </>
      }
      onSelect={() => onRun(orders)}
    >
      <span className={styles.orders} data-more={orders.length > 2 ? orders.length - 2 : undefined}>
        {orders.map(({ netns, command }) => (
          <code key={command}>
            <i>{netns}#</i> {command}
          </code>
        ))}
      </span>
    </FinderItem>
  );
}
