import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { actions, app, useApp, useTheme } from '../../state';
import { usePick, useText } from '../i18n';
import { Announcer } from '../story/Announcer';
import { PrintedTranscript } from '../story/PrintedTranscript';
import { useMedia } from '../widgets/dom';
import { TipProvider } from '../widgets/Tip';
import { Banners } from './Banners';
import { Desktop } from './Desktop';
import { DropZone } from './DropZone';
import { ErrorBoundary } from './ErrorBoundary';
import { Header } from './Header';
import { Loading } from './Loading';
import { ShellContext, type Overlay, type Shell, type ShownPanel } from './panels';
import { Phone } from './Phone';
import styles from './shell.module.css';
import { focusPanel } from './shortcuts';
import { useShortcuts } from './useShortcuts';

const Palette = lazy(() => import('./Palette'));
const HelpSheet = lazy(() => import('./HelpSheet'));
const Transcript = lazy(() => import('../story/TranscriptDialog'));
const Problems = lazy(() => import('./ProblemsDialog'));

const PHONE = '(max-width: 759px)';

/** Language, theme, projector and title belong to the page as a whole. */
function usePageAttributes(): void {
  const { lang, projector } = useApp((state) => state.settings);
  const theme = useTheme();
  const title = usePick()(useApp((state) => state.run.title));
  useEffect(() => {
    const root = document.documentElement;
    root.lang = lang === 'zh' ? 'zh-CN' : 'en';
    root.dataset.theme = theme;
    root.toggleAttribute('data-projector', projector);
    document.title = title === '' ? 'Framewalk' : `${title} · Framewalk`;
  }, [lang, theme, projector, title]);
}

/** A scenario that has just been opened is looked at where its story happens; a link may then say otherwise. */
function useFollowAtFirst(): void {
  useEffect(
    () =>
      app.subscribe((state, before) => {
        if (before.run.phase === 'loading' && state.run.phase === 'ready') actions.selectNetns(null);
      }),
    [],
  );
}

/** Whether what was open when the last request began still is. */
function useKept(): boolean {
  const title = useApp((state) => state.run.title);
  const [before, setBefore] = useState<typeof title | null>(null);
  useEffect(
    () =>
      app.subscribe((state, last) => {
        if (state.run.busy && !last.run.busy) setBefore(state.run.title);
      }),
    [],
  );
  return title === before && title.en !== '';
}

interface Overlays {
  readonly overlay: Overlay | null;
  readonly close: () => void;
}
function OpenOverlay({ overlay, close }: Overlays) {
  const problems = useApp((state) => state.run.problems);
  const kept = useKept();
  return (
    <Suspense>
      {overlay === 'palette' ? <Palette onClose={close} /> : null}
      {overlay === 'help' ? <HelpSheet onClose={close} /> : null}
      {overlay === 'transcript' ? <Transcript onClose={close} /> : null}
      {problems.length > 0 ? (
        <Problems problems={problems} kept={kept} onClose={() => actions.dismissProblems()} />
      ) : null}
    </Suspense>
  );
}

function Page() {
  const [overlay, setOverlay] = useState<Overlay | null>(null);
  const [phonePanel, setPhonePanel] = useState<ShownPanel>('story');
  const shell = useMemo<Shell>(
    () => ({
      showPanel(panel, focus = false) {
        setPhonePanel(panel);
        if (panel !== 'story') actions.setPanel(panel);
        if (focus) focusPanel(panel);
      },
      open: setOverlay,
    }),
    [],
  );
  // Whoever asks for a panel (a step's "run it", a table's command) is heard on a phone too.
  useEffect(
    () =>
      app.subscribe((state, before) => {
        if (state.panel !== before.panel) setPhonePanel(state.panel);
      }),
    [],
  );
  const phone = useMedia(PHONE);
  const t = useText();
  useShortcuts(shell);
  useFollowAtFirst();
  return (
    <ShellContext value={shell}>
      <div className={styles.app} data-testid="app" data-phone={phone || undefined}>
        <a className={styles.skip} href="#story" onClick={() => shell.showPanel('story', true)}>
          {t('skip')}
        </a>
        <Header />
        <Banners />
        {phone ? <Phone panel={phonePanel} /> : <Desktop />}
        <Loading />
      </div>
      <Announcer />
      <DropZone />
      <PrintedTranscript />
      <OpenOverlay overlay={overlay} close={() => setOverlay(null)} />
    </ShellContext>
  );
}

export function App() {
  usePageAttributes();
  return (
    <ErrorBoundary whole>
      <TipProvider>
        <Page />
      </TipProvider>
    </ErrorBoundary>
  );
}
