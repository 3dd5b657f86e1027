import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [react()],
  // Relative addresses: the built site works from any path, also below somebody else's page.
  base: './',
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    // Read by scripts/budget.mjs to learn which chunks index.html loads at once.
    manifest: true,
  },
  test: {
    environment: 'node',
    include: ['src/**/*.test.{ts,tsx}', 'lab/**/*.test.ts', 'scripts/**/*.test.mjs'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'threads',
    maxWorkers: 2,
  },
});
