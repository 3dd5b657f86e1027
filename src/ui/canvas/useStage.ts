/** The stage's own knowledge, kept in step with the trace: who lives where, and the scene made of it. */
import { useMemo, useState } from 'react';
import { getTrace, useApp } from '../../state';
import { CensusReader } from './census';
import { layoutStage, type StageLayout } from './layout';
import { Live, type Scene } from './live';

function commonPrefix(names: readonly string[]): string {
  const [first = '', ...others] = names;
  let length = others.length === 0 ? 0 : first.length;
  for (const name of others) while (!name.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}

function sceneOf(layout: StageLayout, live: Live): Scene {
  const machines = layout.rooms.filter(({ shape }) => shape === 'machine').map(({ id }) => id);
  return {
    live,
    layout,
    linkOf: new Map(layout.links.map((link) => [link.id, link])),
    rooms: new Map(layout.rooms.map((room) => [room.id, room])),
    chips: new Map(layout.chips.map((chip) => [chip.key, chip])),
    commonPrefix: commonPrefix(machines),
  };
}

/** Reads on as the trace grows. The scene stays the same object while nobody new has come. */
class SceneKeeper {
  readonly reader = new CensusReader();
  private readonly live = new Live();
  private text = '';
  private scene: Scene | undefined;

  /** `aspect`: width over height of the window. */
  sceneNow(aspect: number, showBoot: boolean): Scene {
    const { events, upSeq } = getTrace();
    this.reader.update(events);
    const census = this.reader.census(showBoot ? -1 : upSeq - 1);
    const text = JSON.stringify([aspect, census]);
    if (this.scene === undefined || this.text !== text) {
      this.scene = sceneOf(layoutStage(census, aspect), this.live);
      this.text = text;
    }
    return this.scene;
  }
}

interface StageView {
  readonly scene: Scene;
  readonly reader: CensusReader;
}

export function useStage(aspect: number): StageView {
  const version = useApp((state) => state.traceVersion);
  const showBoot = useApp((state) => state.settings.showBoot);
  const [keeper] = useState(() => new SceneKeeper());
  // The trace is live and keeps its identity: its version says when to look again.
  const scene = useMemo(
    () => (version < 0 ? undefined : keeper.sceneNow(aspect, showBoot)),
    [version, showBoot, aspect, keeper],
  ) as Scene;
  return { scene, reader: keeper.reader };
}
