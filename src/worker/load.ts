/** Sources read, checked and turned into worlds: the host's door to scenarios and simulation. */
import { err, ok } from '../base/result';
import { catalogue, loadItem, scenarioFromFile, type Loaded } from '../scenarios/index';
import { World, type Scenario } from '../sim/index';
import type { LoadScenario, LoadedScenario } from './host';
import type { ScenarioSource } from './messages';
import { problem } from './problems';

/**
 * A page holds a trace twice, here and where it is shown. A cluster of 300 nodes may be built; a broadcast storm ends
 * before the page gets slow.
 */
const BOUNDS = { maxEvents: 1_000_000, maxRunEvents: 150_000 };

function read(source: ScenarioSource): Loaded {
  if (source.kind === 'text') return scenarioFromFile(source.name, source.text);
  const item = catalogue.find(({ id }) => id === source.id);
  if (item === undefined) return err([problem.unknownScenario(source.id)]);
  const loaded = loadItem(item);
  return loaded.ok ? ok({ ...loaded.value, title: item.title }) : loaded;
}

function build(scenario: Scenario): ReturnType<LoadedScenario['open']> {
  const world = World.open(scenario, BOUNDS);
  const problems = world.setupFailures.map(({ place, command, output, exit }) =>
    problem.setupFailed(place, command, output, exit),
  );
  return { world, problems };
}

export const loadScenario: LoadScenario = (source) => {
  const loaded = read(source);
  if (!loaded.ok) return loaded;
  const { title, notes, journal, scenario } = loaded.value;
  return ok({ title, notes, journal, open: () => build(scenario) });
};
