import { useApp, useFrame, useNamespaces, useSteps, type Frame, type Step } from '../../state';

/** The step the cursor is in. */
export function useCurrentStep(): Step | undefined {
  const { steps, index } = useSteps();
  return steps[index];
}

interface ShownNetns {
  readonly netns: string | null;
  /** Nobody chose it: it follows the story. */
  readonly follows: boolean;
}

/** The namespace that tables speak of: the one chosen, else where the current (or the first) step happens, else the first. */
export function useShownNetns(): ShownNetns {
  const chosen = useApp((state) => state.selection.netns);
  const namespaces = useNamespaces();
  const { steps, index } = useSteps();
  const exists = (id: string | undefined | null) => namespaces.some((row) => row.id === id);
  if (chosen !== null && exists(chosen)) return { netns: chosen, follows: false };
  const step = steps[Math.max(index, 0)];
  if (step !== undefined && exists(step.netns)) return { netns: step.netns, follows: true };
  return { netns: namespaces[0]?.id ?? null, follows: true };
}

/** The namespace to type in. It does not wander off with the story: one may be in the middle of a word. */
export function useTerminalNetns(): string | null {
  const chosen = useApp((state) => state.selection.netns);
  const last = useApp((state) => state.journal.at(-1)?.netns);
  const namespaces = useNamespaces();
  const exists = (id: string | undefined | null) => namespaces.some((row) => row.id === id);
  const candidates = [chosen, last, namespaces.find((row) => row.role !== 'switch')?.id, namespaces[0]?.id];
  return candidates.find((id) => exists(id)) ?? null;
}

export interface ShownFrame {
  readonly frame: Frame;
  /** The step it belongs to, an index into the story; absent for a frame that was chosen. */
  readonly step?: number;
}

/** Steps looked back through for a frame. */
const LOOK_BACK = 200;

/** The frame chosen; else the current step's; else the one of the last step before it that moved one. */
export function useShownFrame(): ShownFrame | undefined {
  const chosen = useApp((state) => state.selection.frame);
  const { steps, index } = useSteps();
  let at = index;
  while (at > 0 && index - at < LOOK_BACK && steps[at]?.frame === undefined) at--;
  const frame = useFrame(chosen ?? steps[at]?.frame ?? null);
  if (frame === undefined) return undefined;
  return chosen === null ? { frame, step: at } : { frame };
}
