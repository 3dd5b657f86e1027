// npm start [-- --port N]: builds the app and serves it on 127.0.0.1, on port 4173 or the next free one.
import { parseArgs } from 'node:util';
import { build, preview } from 'vite';
import { root } from './project.mjs';

const { values } = parseArgs({ options: { port: { type: 'string', default: '4173' } } });
await build({ root, logLevel: 'warn' });
const server = await preview({
  root,
  logLevel: 'warn',
  preview: { host: '127.0.0.1', port: Number(values.port), strictPort: false },
});
console.log(`Framewalk is at ${server.resolvedUrls.local[0]} (Ctrl+C stops it)`);
