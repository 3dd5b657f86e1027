import { FileText, Footprints } from 'lucide-react';
import { useEffect, useMemo, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { useApp, useSteps, type Step } from '../../state';
import { useText } from '../i18n';
import { useShell } from '../shell/panels';
import { IconButton } from '../widgets/Button';
import { EmptyState } from '../widgets/EmptyState';
import { BootFold } from './BootFold';
import { FollowMenu } from './FollowMenu';
import styles from './story.module.css';
import { chunksOf, StepChunk } from './StepChunk';
import { StepItem } from './StepItem';

/** What happened, sentence by sentence; the step the cursor is in says why. */
export function Story() {
  const t = useText();
  const shell = useShell();
  return (
    <section className={styles.story} data-testid="story" id="story" aria-label={t('story')}>
      <h2 className="visually-hidden">{t('story')}</h2>
      <div className={styles.head}>
        <FollowMenu />
        <IconButton
          label={t('transcript')}
          icon={<FileText aria-hidden />}
          onClick={() => shell.open('transcript')}
        />
      </div>
      <StepList />
    </section>
  );
}

/** Keeps the current step in view: where the eye is, a third down, when it would leave. */
function useKeepInView(index: number, playing: boolean) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = list.current;
    const item = box?.querySelector<HTMLElement>('[aria-current="step"]');
    if (box === null || item === null || item === undefined) return;
    const frame = box.getBoundingClientRect();
    const place = item.getBoundingClientRect();
    followFocus(box, item);
    const isSeen = place.top >= frame.top + 48 && place.bottom <= frame.bottom - 56;
    if (isSeen) return;
    const target = box.scrollTop + place.top - frame.top - frame.height * 0.22;
    const calm = playing || window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    const far = Math.abs(target - box.scrollTop) > frame.height * 2;
    box.scrollTo({ top: target, behavior: calm || far ? 'instant' : 'smooth' });
  }, [index, playing]);
  return list;
}

const stepButtons = (box: HTMLElement) => [
  ...box.querySelectorAll<HTMLElement>('[data-testid="step"] > button'),
];

/** Whoever steps with the keyboard from within the list has the focus on the step that is shown. */
function followFocus(box: HTMLElement, item: HTMLElement): void {
  const active = document.activeElement;
  if (!(active instanceof HTMLElement) || !stepButtons(box).includes(active)) return;
  item.querySelector<HTMLElement>(':scope > button')?.focus({ preventScroll: true });
}

/** ↑ and ↓ move the focus from step to step, Enter goes there. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const buttons = stepButtons(event.currentTarget);
  const at = buttons.indexOf(document.activeElement as HTMLElement);
  if (by === undefined || at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  buttons[at + by]?.focus();
}

function StepList() {
  const t = useText();
  const { steps, index } = useSteps();
  const phase = useApp((state) => state.run.phase);
  const playing = useApp((state) => state.player.playing);
  const list = useKeepInView(index, playing);
  if (steps.length === 0) {
    return (
      <div className={styles.list}>
        <BootFold steps={0} />
        <EmptyState icon={<Footprints aria-hidden />}>
          {t(phase === 'loading' ? 'loading' : phase === 'error' ? 'stage.error' : 'story.empty')}
        </EmptyState>
      </div>
    );
  }
  return (
    <div className={styles.list} ref={list} onKeyDown={walk}>
      <StepRows steps={steps} index={index} />
    </div>
  );
}

/** With more steps than this, those out of sight are not drawn. */
const MOST_AT_ONCE = 300;

function StepRows({ steps, index }: { readonly steps: readonly Step[]; readonly index: number }) {
  const boot = useMemo(() => {
    const first = steps.findIndex((step) => !step.isBoot);
    return first < 0 ? steps.length : first;
  }, [steps]);
  const stop = Math.max(index, 0);
  const items = (from: number, to: number) =>
    steps
      .slice(from, to)
      .map((step, i) => (
        <StepItem
          key={step.first}
          step={step}
          index={from + i}
          of={steps.length}
          current={index}
          tabStop={stop}
        />
      ));
  const rows = (from: number, to: number): ReactNode => {
    const chunks = steps.length <= MOST_AT_ONCE ? undefined : chunksOf(from, to);
    return (
      chunks?.map(([start, end]) => (
        <StepChunk key={start} count={end - start} pinned={stop >= start && stop < end}>
          {() => rows(start, end)}
        </StepChunk>
      )) ?? items(from, to)
    );
  };
  return (
    <>
      <BootFold steps={boot}>
        <div role="list">{rows(0, boot)}</div>
      </BootFold>
      <div role="list">{rows(boot, steps.length)}</div>
    </>
  );
}
