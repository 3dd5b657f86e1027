/** The three ways in: a scenario file, a script, a network plugin's manifest. */
import * as v from 'valibot';
import { err, ok } from '../base/result';
import { setupProblems } from './check';
import { decodeNetwork, journalOf } from './decode';
import { NetworkFile, ScriptFile } from './format';
import { jsonErrorLine } from './json-line';
import { issueProblem } from './messages';
import { readScript } from './script';
import { problem, tooLong, type Bilingual, type InputProblem, type Loaded } from './types';

const MAX_PROBLEMS = 50;

function titleOf(title: string | Bilingual | undefined, fallback: string): Bilingual {
  if (title === undefined) return { en: fallback, zh: fallback };
  return typeof title === 'string' ? { en: title, zh: title } : title;
}

function validated<T>(
  schema: v.GenericSchema<unknown, T>,
  json: unknown,
): { value?: T; problems: InputProblem[] } {
  const result = v.safeParse(schema, json);
  if (result.success) return { value: result.output, problems: [] };
  return { problems: result.issues.slice(0, MAX_PROBLEMS).map(issueProblem) };
}

/** A scenario file (`format.ts`). `name` is used where the file gives none. */
export function scenarioFromJson(text: string, name = 'scenario'): Loaded {
  const long = tooLong(text, '(top level)');
  if (long.length > 0) return err(long);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return err([problem(`line ${jsonErrorLine(text)}`, 'this is not valid JSON', '不是合法的 JSON')]);
  }
  return fromValue(json, name);
}

/** The same for a value that has been read already. */
export function fromValue(json: unknown, name: string): Loaded {
  if (Array.isArray(json))
    return err([problem('(top level)', 'expected an object, found a list', '应为对象，实际是列表')]);
  if (typeof json === 'object' && json !== null && 'script' in json) return fromScriptFile(json, name);
  const { value: file, problems } = validated(NetworkFile, json);
  if (!file) return err(problems);
  const decoded = decodeNetwork(file, name);
  if (!decoded.ok) return err(decoded.error.slice(0, MAX_PROBLEMS));
  const failed = setupProblems(decoded.value.scenario);
  if (failed.length > 0) return err(failed);
  const notes = [...file.notes.map((note) => titleOf(note, '')), ...decoded.value.notes];
  return ok({ ...decoded.value, notes, title: titleOf(file.title, decoded.value.scenario.name) });
}

function fromScriptFile(json: unknown, name: string): Loaded {
  const { value: file, problems } = validated(ScriptFile, json);
  if (!file) return err(problems);
  const loaded = scenarioFromScript(file.script, file.name ?? name);
  if (!loaded.ok) return err(loaded.error.map((each) => ({ ...each, place: `script, ${each.place}` })));
  const journal = file.journal ? journalOf(file) : loaded.value.journal;
  const notes = file.notes.map((note) => titleOf(note, ''));
  return ok({ ...loaded.value, journal, notes, title: titleOf(file.title, file.name ?? name) });
}

/** A plain script (`script.ts`). */
export function scenarioFromScript(text: string, name = 'script'): Loaded {
  const read = readScript(text, name);
  if (!read.ok) return err(read.error.slice(0, MAX_PROBLEMS));
  const failed = setupProblems(read.value.scenario);
  if (failed.length > 0) return err(failed.slice(0, MAX_PROBLEMS));
  return ok({ ...read.value, title: { en: name, zh: name } });
}
