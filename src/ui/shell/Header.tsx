import { BreakMenu } from './BreakMenu';
import { Compared } from './Compared';
import styles from './header.module.css';
import { Logo } from './Logo';
import { ScenarioPicker } from './ScenarioPicker';
import { LanguageButton, SearchAndHelp, UndoButtons, ViewMenu } from './Settings';
import { ShareButton } from './ShareButton';

export function Header() {
  return (
    <header className={styles.header}>
      <Logo />
      <ScenarioPicker />
      <Compared />
      <span className={styles.space} />
      <UndoButtons />
      <BreakMenu />
      <span className={styles.group}>
        <SearchAndHelp />
        <ViewMenu />
      </span>
      <LanguageButton />
      <ShareButton />
    </header>
  );
}
