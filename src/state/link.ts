/** Keeps the page's address in step with the moment, and opens links. What the link means is in url.ts. */
import { loadCatalogue } from './catalogue';
import { isPrefix } from './journal';
import { cursorFromLink, cursorToLink } from './link-cursor';
import { linkProblem } from './link-problems';
import { packSource, unpackSource } from './pack';
import { showStep } from './player';
import * as session from './session';
import { app } from './store';
import { namespacesAt, rowsAt } from './tables';
import { commandStartingAt } from './terminal';
import { getTrace } from './trace';
import type { AppState, EventSeq, Follow, LinkProblem, ScenarioSource, Selection } from './types';
import { LIMITS, decodeLink, encodeLink, type Link } from './url';

/** Browsers allow about three changes of the address a second. */
const WRITE_EVERY = 350;

/** The open scenario as links carry it, once it has been compressed. */
let packed: { readonly source: ScenarioSource; readonly text: string } | undefined;
let packing: ScenarioSource | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
/** The fragment that this page wrote or opened last. */
let lastFragment = '';

// ---- The moment as a link ----------------------------------------------------------------------------------------

/** Number of the journal entry whose command is followed. */
function followToLink(follow: Follow, starts: readonly EventSeq[]): number | undefined {
  if (follow === 'all') return undefined;
  const index = starts.findIndex((start) => commandStartingAt(start)?.command === follow.command);
  return index < 0 ? undefined : index + 1;
}

function linkOf(state: AppState): Link {
  const { scenarioId } = state.run;
  const open = session.openScenarioSource();
  const sameJournal =
    open !== undefined &&
    open.journal.length === state.journal.length &&
    isPrefix(open.journal, state.journal);
  const { netns, dev, frame } = state.selection;
  const cursor = cursorToLink(state.cursor, state.starts, getTrace().upSeq);
  const follow = followToLink(state.follow, state.starts);
  return {
    ...(scenarioId === null ? {} : { scenario: scenarioId }),
    ...(scenarioId === null && packed?.source === open?.source ? { packed: packed?.text ?? '' } : {}),
    ...(sameJournal ? {} : { journal: state.journal }),
    ...(cursor === undefined ? {} : { cursor }),
    ...(follow === undefined ? {} : { follow }),
    ...(netns === null ? {} : { netns }),
    ...(netns === null || dev === null ? {} : { dev }),
    ...(frame === null ? {} : { frame }),
    ...(state.panel === 'tables' ? {} : { panel: state.panel }),
    lang: state.settings.lang,
  };
}

/** Something is open, and all that the link needs is there. */
function canWrite(): boolean {
  const open = session.openScenarioSource();
  if (open === undefined || app.getState().run.busy) return false;
  return open.source.kind === 'catalogue' || packed?.source === open.source;
}

function fragmentOf(state: AppState): string | undefined {
  if (!canWrite()) return undefined;
  const fragment = encodeLink(linkOf(state));
  if (fragment.length <= LIMITS.link) return fragment;
  const known = state.linkProblems.some(({ id }) => id === 'does-not-fit');
  const values = { length: fragment.length, most: LIMITS.link };
  if (!known) {
    const problem = linkProblem('link', 'does-not-fit', values);
    app.setState({ linkProblems: [...state.linkProblems, problem] });
  }
  return undefined;
}

const pageAddress = () => (typeof location === 'undefined' ? '' : location.href.replace(/#.*$/s, ''));

/** Link to this very moment; empty while nothing is open, and for a run that does not fit (which is then said). */
export function shareUrl(): string {
  const fragment = fragmentOf(app.getState());
  return fragment === undefined ? '' : `${pageAddress()}#${fragment}`;
}

// ---- The address bar ---------------------------------------------------------------------------------------------

function write(): void {
  timer = undefined;
  const fragment = fragmentOf(app.getState());
  if (fragment === undefined || fragment === lastFragment) return;
  lastFragment = fragment;
  if (typeof history === 'undefined') return;
  try {
    history.replaceState(history.state, '', `#${fragment}`);
  } catch {
    // The browser finds it too often, or the page may not change its address: the link button still works.
  }
}

/** A custom scenario is compressed once, when it is opened. */
function pack(): void {
  const source = session.openScenarioSource()?.source;
  if (source === undefined || source.kind === 'catalogue') return;
  if (packed?.source === source || packing === source) return;
  packing = source;
  void packSource(source)
    .then((text) => {
      packed = { source, text };
    })
    .finally(() => {
      packing = undefined;
      schedule();
    });
}

function schedule(): void {
  pack();
  timer ??= setTimeout(write, WRITE_EVERY);
}

/** Writes at once what waits to be written; false while a scenario is still being compressed. */
export function flushAddress(): boolean {
  if (packing !== undefined) return false;
  if (timer !== undefined) {
    clearTimeout(timer);
    write();
  }
  return true;
}

// ---- Opening ------------------------------------------------------------------------------------------------------

/** What only the trace can say: names that are not there, a cursor beyond the end. */
function arrivalOf(link: Link, say: (problem: LinkProblem) => void): session.Arrival {
  const { cursor, follow, netns, dev, frame } = link;
  const place = (state: AppState): Pick<Selection, 'netns' | 'dev'> => {
    // Without a namespace the panels follow the story.
    const following = { netns: null, dev: null };
    if (netns === undefined) return following;
    if (!namespacesAt(state.cursor).some((row) => row.id === netns)) {
      say(linkProblem('n', 'unknown-netns', { text: netns }));
      return following;
    }
    if (dev === undefined) return { netns, dev: null };
    const known = rowsAt(state.cursor, netns, 'link').some((row) => row.ifname === dev);
    if (!known) say(linkProblem('i', 'unknown-device', { text: dev, netns }));
    return { netns, dev: known ? dev : null };
  };
  return {
    cursor(state) {
      const { upSeq, events } = getTrace();
      if (cursor === undefined) return upSeq - 1;
      const { seq, clamped } = cursorFromLink(cursor, state.starts, upSeq, events.length - 1);
      const text = 'boot' in cursor ? `b.${cursor.boot}` : `${cursor.entry}.${cursor.offset}`;
      if (clamped) say(linkProblem('c', 'cursor-clamped', { text }));
      return seq;
    },
    follow(state) {
      if (follow === undefined) return 'all';
      const start = state.starts[follow - 1];
      const command = start === undefined ? undefined : commandStartingAt(start)?.command;
      if (command !== undefined) return { command };
      say(linkProblem('w', 'bad-number', { text: String(follow), least: 1, most: state.starts.length }));
      return 'all';
    },
    selection(state) {
      const frames = getTrace().frames.length;
      const known = frame === undefined || frame < frames;
      if (!known) say(linkProblem('f', 'bad-number', { text: String(frame), least: 0, most: frames - 1 }));
      return { ...place(state), frame: frame !== undefined && known ? frame : null };
    },
  };
}

async function sourceOf(
  link: Link,
  say: (problem: LinkProblem) => void,
): Promise<ScenarioSource | undefined> {
  if (link.packed !== undefined) {
    if (packed?.text === link.packed) return packed.source;
    const unpacked = await unpackSource(link.packed);
    if (!unpacked.ok) {
      say(unpacked.error);
      return undefined;
    }
    packed = { source: unpacked.value, text: link.packed };
    return unpacked.value;
  }
  if (link.scenario === undefined) {
    say(linkProblem('s', 'no-scenario'));
    return undefined;
  }
  const id = link.scenario;
  const known = await loadCatalogue();
  if (known.some((item) => item.id === id)) return { kind: 'catalogue', id };
  say(linkProblem('s', 'unknown-scenario', { text: id }));
  return undefined;
}

function isOpen(source: ScenarioSource, link: Link): boolean {
  const open = session.openScenarioSource();
  if (open === undefined) return false;
  const same =
    source === open.source ||
    (source.kind === 'catalogue' && open.source.kind === 'catalogue' && source.id === open.source.id);
  const journal = link.journal ?? open.journal;
  const current = app.getState().journal;
  return same && journal.length === current.length && isPrefix(journal, current);
}

/**
 * Opens a fragment, with or without its `#`. Never rejects; what could not be used is in `linkProblems`. `instead`: the
 * scenario to show when the link names none that can be opened and nothing else is open.
 */
export async function openLink(fragment: string, instead?: string): Promise<void> {
  lastFragment = fragment.replace(/^#/, '');
  const { link, problems } = decodeLink(fragment);
  app.setState({ linkProblems: problems });
  const say = (problem: LinkProblem) =>
    app.setState((state) => ({ linkProblems: [...state.linkProblems, problem] }));
  const { lang, panel } = link;
  app.setState((state) => ({
    panel: panel ?? 'tables',
    settings: lang === undefined ? state.settings : { ...state.settings, lang },
  }));
  // Of a link that is too long nothing was read, so it cannot be said what it lacks.
  const unread = problems.some(({ id }) => id === 'too-long');
  const source = unread ? undefined : await sourceOf(link, say);
  if (source === undefined) {
    if (instead === undefined || session.openScenarioSource() !== undefined) return;
    await session.openSource({ kind: 'catalogue', id: instead }, null);
    return;
  }
  const arrival = arrivalOf(link, say);
  if (isOpen(source, link)) await session.arriveAt(arrival);
  else await session.openSource(source, link.journal ?? null, arrival);
  showStep(false);
}

/** Follows the store, so that the address always says where one is. Answers the way to stop. */
export function keepAddressInStep(): () => void {
  const stop = app.subscribe((state, before) => {
    const moved =
      state.cursor !== before.cursor ||
      state.journal !== before.journal ||
      state.run !== before.run ||
      state.follow !== before.follow ||
      state.selection !== before.selection ||
      state.panel !== before.panel ||
      state.settings.lang !== before.settings.lang;
    if (moved) schedule();
  });
  if (typeof window === 'undefined') return stop;
  const onHash = () => {
    if (location.hash.slice(1) !== lastFragment) void openLink(location.hash);
  };
  window.addEventListener('hashchange', onHash);
  return () => {
    stop();
    window.removeEventListener('hashchange', onHash);
  };
}
