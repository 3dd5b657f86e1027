import { CornerDownLeft } from 'lucide-react';
import { useEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { actions, getTrace, useApp } from '../../state';
import { useText } from '../i18n';
import { IconButton } from '../widgets/Button';
import { useRemembered } from '../widgets/remember';
import { after } from './after';
import { applyCompletion } from './completion';
import { promptOf } from './Terminal';
import styles from './terminal.module.css';

interface PromptProps {
  readonly netns: string;
  /** Commands of this namespace, oldest first. */
  readonly history: readonly string[];
}

/** ↑ and ↓ go through what was typed; the line being typed waits at the end. */
function useHistory(history: readonly string[], line: string, setLine: (line: string) => void) {
  const at = useRef<number | null>(null);
  const draft = useRef('');
  return {
    go: (by: 1 | -1): void => {
      const now = at.current ?? history.length;
      const next = Math.max(0, Math.min(now + by, history.length));
      if (next === now) return;
      if (now === history.length) draft.current = line;
      at.current = next === history.length ? null : next;
      setLine(next === history.length ? draft.current : (history[next] ?? ''));
    },
    leave: (): void => {
      at.current = null;
    },
  };
}

function useCompletion(
  netns: string,
  input: RefObject<HTMLInputElement | null>,
  setLine: (line: string) => void,
) {
  const [list, setList] = useState<readonly string[]>([]);
  const asked = useRef(0);
  const complete = (line: string, caret: number) => {
    const turn = ++asked.current;
    const rest = line.slice(caret);
    void actions.completeLine(netns, line.slice(0, caret)).then((answer) => {
      // The person has typed on, or asked again.
      if (turn !== asked.current || input.current?.value !== line) return;
      const done = applyCompletion(line.slice(0, caret), answer);
      setLine(done.line + rest);
      setList(done.list);
      requestAnimationFrame(() => input.current?.setSelectionRange(done.line.length, done.line.length));
    });
  };
  return { list, complete, clear: () => setList([]) };
}

export function Prompt({ netns, history }: PromptProps) {
  const t = useText();
  const input = useRef<HTMLInputElement>(null);
  const [line, setLine] = useState('');
  const [mode, setMode] = useRemembered('after-command', ['play', 'start'], 'play');
  const { go, leave } = useHistory(history, line, setLine);
  const { list, complete, clear } = useCompletion(netns, input, setLine);
  const run = () => {
    const command = line.trim();
    if (command === '') return;
    // Played: the app itself sees from what was sent whether there is something to walk through.
    actions.execute(netns, command, mode === 'play' ? undefined : after(command));
    setLine('');
    leave();
    clear();
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return;
    const { key } = event;
    if (key === 'Enter') run();
    else if (key === 'ArrowUp') go(-1);
    else if (key === 'ArrowDown') go(1);
    // An empty line lets Tab go on to the next control: focus is never trapped.
    else if (key === 'Tab' && !event.shiftKey && line.trim() !== '') {
      complete(line, event.currentTarget.selectionStart ?? line.length);
    } else if (key === 'l' && event.ctrlKey) scrollAway(event.currentTarget);
    else if ((key === 'c' || key === 'u') && event.ctrlKey && noSelection(event.currentTarget)) setLine('');
    else if (key === 'Escape') {
      if (list.length === 0) event.currentTarget.blur();
      clear();
    } else return;
    event.preventDefault();
  };
  return (
    <div className={styles.promptArea}>
      <Candidates list={list} />
      <label className={styles.promptLine}>
        <span className={styles.prompt}>{promptOf(netns)}</span>
        <input
          ref={input}
          data-testid="terminal-input"
          aria-label={t('terminal.input', { netns })}
          value={line}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          autoCorrect="off"
          maxLength={1000}
          onChange={(event) => {
            setLine(event.target.value);
            leave();
            clear();
          }}
          onKeyDown={onKey}
        />
        <IconButton
          size="s"
          label={t('terminal.run')}
          keys="⏎"
          icon={<CornerDownLeft aria-hidden />}
          disabled={line.trim() === ''}
          onClick={run}
        />
      </label>
      <PromptNotes mode={mode} setMode={setMode} />
    </div>
  );
}

/** What Tab could go on with, as bash lists it. */
function Candidates({ list }: { readonly list: readonly string[] }) {
  const t = useText();
  if (list.length === 0) return null;
  return (
    <ul className={styles.candidates} aria-label={t('terminal.candidates')}>
      {list.map((candidate) => (
        <li key={candidate}>{candidate}</li>
      ))}
    </ul>
  );
}

const noSelection = (input: HTMLInputElement) => input.selectionStart === input.selectionEnd;

/** Ctrl-L: the scrollback goes up out of sight, as on a terminal. */
function scrollAway(input: HTMLInputElement): void {
  const area = input.closest<HTMLElement>(`.${styles.promptArea}`);
  area?.style.setProperty('min-height', '100%');
  area?.scrollIntoView({ block: 'start' });
}

interface NotesProps {
  readonly mode: 'play' | 'start';
  readonly setMode: (mode: 'play' | 'start') => void;
}

/** Where the command will act, and what happens after it. */
function PromptNotes({ mode, setMode }: NotesProps) {
  const t = useText();
  const cursor = useApp((state) => state.cursor);
  const version = useApp((state) => state.traceVersion);
  const problems = useApp((state) => state.run.problems);
  const isPast = version > 0 && cursor < getTrace().events.length - 1;
  const note = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (isPast) note.current?.scrollIntoView({ block: 'nearest' });
  }, [isPast]);
  return (
    <div className={styles.notes}>
      {isPast && problems.length === 0 ? (
        <p ref={note} className={styles.forks}>
          {t('terminal.forks')}
        </p>
      ) : null}
      <label className={styles.mode}>
        <input
          type="checkbox"
          checked={mode === 'play'}
          onChange={(event) => setMode(event.target.checked ? 'play' : 'start')}
        />
        {t('terminal.playAfter')}
      </label>
    </div>
  );
}
