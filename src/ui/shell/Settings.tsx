import { CircleHelp, Languages, Monitor, Moon, Projector, Redo2, Search, Sun, Undo2 } from 'lucide-react';
import { actions, useApp, type Theme } from '../../state';
import { useText } from '../i18n';
import { Button, IconButton } from '../widgets/Button';
import { Menu, MenuChoice, MenuChoices, MenuItem, MenuRule } from '../widgets/Menu';
import { Tip } from '../widgets/Tip';
import styles from './header.module.css';
import { useShell } from './panels';

const THEME_ICON = { system: Monitor, light: Sun, dark: Moon } as const;

/** The other language's own name: readable for whoever needs it. */
export function LanguageButton() {
  const t = useText();
  const lang = useApp((state) => state.settings.lang);
  return (
    <Tip text={t('language.hint')} keys="l">
      <Button
        lang={lang === 'en' ? 'zh-CN' : 'en'}
        className={styles.language}
        onClick={() => actions.setLang(lang === 'en' ? 'zh' : 'en')}
      >
        <Languages aria-hidden />
        {t('language.other')}
      </Button>
    </Tip>
  );
}

/** Theme and projector. */
export function ViewMenu() {
  const t = useText();
  const { theme, projector } = useApp((state) => state.settings);
  const Icon = THEME_ICON[theme];
  return (
    <Menu
      align="end"
      label={t('view.title')}
      trigger={
        <Button look="ghost" className={styles.square} aria-label={t('view.title')}>
          <Icon aria-hidden />
        </Button>
      }
    >
      <MenuChoices
        label={t('view.theme')}
        value={theme}
        onChange={(value) => actions.setTheme(value as Theme)}
      >
        <MenuChoice value="system" title={t('theme.system')} />
        <MenuChoice value="light" title={t('theme.light')} />
        <MenuChoice value="dark" title={t('theme.dark')} />
      </MenuChoices>
      <MenuRule />
      <MenuItem
        icon={<Projector aria-hidden />}
        title={t(projector ? 'projector.off' : 'projector.on')}
        detail={t('projector.detail')}
        onSelect={() => actions.setProjector(!projector)}
      />
    </Menu>
  );
}

export function UndoButtons() {
  const t = useText();
  const undoDepth = useApp((state) => state.undoDepth);
  const redoDepth = useApp((state) => state.redoDepth);
  if (undoDepth + redoDepth === 0) return null;
  return (
    <span className={styles.group}>
      <IconButton
        label={t('undo')}
        keys="u"
        icon={<Undo2 aria-hidden />}
        disabled={undoDepth === 0}
        onClick={() => actions.undo()}
      />
      <IconButton
        label={t('redo')}
        className={styles.redo}
        keys="⇧U"
        icon={<Redo2 aria-hidden />}
        disabled={redoDepth === 0}
        onClick={() => actions.redo()}
      />
    </span>
  );
}

export function SearchAndHelp() {
  const t = useText();
  const shell = useShell();
  return (
    <>
      <IconButton
        label={t('search')}
        keys="/"
        icon={<Search aria-hidden />}
        onClick={() => shell.open('palette')}
      />
      <IconButton
        label={t('help')}
        className={styles.help}
        keys="?"
        icon={<CircleHelp aria-hidden />}
        onClick={() => shell.open('help')}
      />
    </>
  );
}
