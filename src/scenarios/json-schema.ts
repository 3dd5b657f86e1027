/** The published JSON Schema. Used by the command line and a test only, so that the converter is not shipped. */
import { toJsonSchema } from '@valibot/to-json-schema';
import { ScenarioFile } from './format';

export function scenarioJsonSchema(): string {
  const schema = toJsonSchema(ScenarioFile, {
    target: 'draft-2020-12',
    typeMode: 'input',
    errorMode: 'throw',
  });
  const document = {
    $schema: schema.$schema,
    title: 'Framewalk scenario',
    description: 'A network that Framewalk can build: machines, switches, containers, flannel; or a script.',
    ...schema,
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
