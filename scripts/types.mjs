// Type-checks twice: the whole project, then the simulation alone with nothing but the ECMAScript library.
import { bins, runNode } from './project.mjs';

let code = 0;
for (const config of ['tsconfig.json', 'src/sim/tsconfig.json']) {
  const result = await runNode(bins.tsc(), ['--noEmit', '-p', config]);
  if (result.code !== 0) {
    console.error(`tsc -p ${config} found errors.`);
    code = 1;
  }
}
process.exit(code);
