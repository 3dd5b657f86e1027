import { Cable, ChevronDown, Gauge, Route, ToggleLeft, Unplug, Zap } from 'lucide-react';
import {
  actions,
  useApp,
  useDevices,
  useNamespaces,
  useRowMarks,
  useTable,
  useTableWithKeys,
  type KeyedRow,
  type LinkRow,
  type TableName,
} from '../../state';
import { useText } from '../i18n';
import { Button } from '../widgets/Button';
import { Menu, MenuChoice, MenuChoices, MenuGroup, MenuItem, MenuRule, SubMenu } from '../widgets/Menu';
import { useCurrentStep, useShownNetns } from '../widgets/useShown';
import {
  breakable,
  deleteFdb,
  deleteNeigh,
  deleteRoute,
  isBreakableFdb,
  isBreakableRoute,
  isUp,
  otherMtu,
  setForwarding,
  setLink,
  setMtu,
} from './breakables';

/** Rows of a table that the current step used, wherever it used them. */
function useUsedRows<T extends TableName>(netns: string | null, table: T): readonly KeyedRow<T>[] {
  const rows = useTableWithKeys(netns, table);
  const { used } = useRowMarks(netns, table);
  return rows.filter((entry) => used.has(entry.key));
}

interface CommandItemProps {
  readonly netns: string;
  readonly title: string;
  readonly command: string;
  readonly icon: React.ReactNode;
}
function CommandItem({ netns, title, command, icon }: CommandItemProps) {
  return (
    <MenuItem
      title={title}
      detail={command}
      code
      icon={icon}
      onSelect={() => actions.execute(netns, command, 'end')}
    />
  );
}

/** Rows that decided the current step: the quickest way to a failure one understands. */
function UsedByStep() {
  const t = useText();
  const step = useCurrentStep();
  const netns = step?.netns ?? null;
  const routes = useUsedRows(netns, 'route').filter(({ row }) => isBreakableRoute(row));
  const neighs = useUsedRows(netns, 'neigh');
  const fdbs = useUsedRows(netns, 'fdb').filter(({ row }) => isBreakableFdb(row));
  if (netns === null || routes.length + neighs.length + fdbs.length === 0) return null;
  const icon = <Route aria-hidden />;
  return (
    <>
      <MenuGroup label={t('break.used', { netns })}>
        {routes.map(({ key, row }) => (
          <CommandItem
            key={key}
            netns={netns}
            title={t('break.route')}
            command={deleteRoute(row)}
            icon={icon}
          />
        ))}
        {neighs.map(({ key, row }) => (
          <CommandItem
            key={key}
            netns={netns}
            title={t('break.neigh')}
            command={deleteNeigh(row)}
            icon={icon}
          />
        ))}
        {fdbs.map(({ key, row }) => (
          <CommandItem key={key} netns={netns} title={t('break.fdb')} command={deleteFdb(row)} icon={icon} />
        ))}
      </MenuGroup>
      <MenuRule />
    </>
  );
}

function DeviceItems({ netns, link }: { readonly netns: string; readonly link: LinkRow }) {
  const t = useText();
  const dev = link.ifname;
  const up = isUp(link);
  return (
    <>
      <CommandItem
        netns={netns}
        title={t(up ? 'break.down' : 'break.up', { dev })}
        command={setLink(link, !up)}
        icon={up ? <Unplug aria-hidden /> : <Cable aria-hidden />}
      />
      <CommandItem
        netns={netns}
        title={t('break.mtu', { dev, mtu: otherMtu(link) })}
        command={setMtu(link)}
        icon={<Gauge aria-hidden />}
      />
    </>
  );
}

function ForwardingItem({ netns }: { readonly netns: string }) {
  const t = useText();
  const value = useTable(netns, 'sysctl').find((row) => row.name === 'net.ipv4.ip_forward')?.value;
  if (value === undefined) return null;
  const on = value !== '0';
  return (
    <CommandItem
      netns={netns}
      title={t(on ? 'break.forwardOff' : 'break.forwardOn', { netns })}
      command={setForwarding(!on)}
      icon={<ToggleLeft aria-hidden />}
    />
  );
}

function InNamespace({ netns }: { readonly netns: string }) {
  const t = useText();
  const links = breakable(useDevices(netns));
  const chosen = useApp((state) => state.selection.dev);
  const step = useCurrentStep();
  const near = chosen ?? (step?.netns === netns ? step.dev : undefined);
  const first = links.find((link) => link.ifname === near);
  const others = links.filter((link) => link !== first);
  return (
    <>
      <MenuGroup label={t('break.in', { netns })}>
        {first === undefined ? null : <DeviceItems netns={netns} link={first} />}
        {others.map((link) => (
          <SubMenu key={link.ifindex} title={link.ifname} icon={<Cable aria-hidden />}>
            <DeviceItems netns={netns} link={link} />
          </SubMenu>
        ))}
        <ForwardingItem netns={netns} />
      </MenuGroup>
      <MenuRule />
    </>
  );
}

function NamespaceChoice({ netns }: { readonly netns: string }) {
  const t = useText();
  const namespaces = useNamespaces();
  return (
    <SubMenu title={t('break.elsewhere')}>
      <MenuChoices value={netns} onChange={(id) => actions.selectNetns(id)}>
        {namespaces.map((row) => (
          <MenuChoice key={row.id} value={row.id} title={row.id} detail={t(`role.${row.role}`)} />
        ))}
      </MenuChoices>
    </SubMenu>
  );
}

/** Commands that break something, with what they will run. */
export function BreakMenu() {
  const t = useText();
  const ready = useApp((state) => state.run.phase === 'ready');
  const { netns } = useShownNetns();
  return (
    <Menu
      wide
      align="end"
      label={t('break.title')}
      trigger={
        <Button disabled={!ready || netns === null} data-testid="break-menu" aria-label={t('break.title')}>
          <Zap aria-hidden />
          <span data-narrow="hide">{t('break.title')}</span>
          <ChevronDown aria-hidden data-narrow="hide" />
        </Button>
      }
    >
      <UsedByStep />
      {netns === null ? null : (
        <>
          <InNamespace netns={netns} />
          <NamespaceChoice netns={netns} />
        </>
      )}
    </Menu>
  );
}
