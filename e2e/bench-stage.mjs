// node e2e/bench-stage.mjs [machines=50] [frames=100]: how long the page takes from frame to frame while the stage moves.
//
//   story    the built page plays a scenario of that many machines, as people see it
//   flight   the stage's own painter draws that many frames in flight over the same stage, on a second canvas
//   panning  the same while the view is dragged to and fro
//
// Reports the intervals between animation frames in ms. A headless browser paints in software: a real one is faster.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { build, createServer, preview } from 'vite';
import { findChromium, launchArgs } from '../scripts/find-chromium.mjs';

const machines = Number(process.argv[2] ?? 50);
const inFlight = Number(process.argv[3] ?? 100);
const SECONDS = 8;

const numbers = Array.from({ length: machines }, (_, i) => i + 1);
const address = (i) => `10.168.${i >> 8}.${i & 255}`;
const scenario = JSON.stringify({
  version: 1,
  name: `bench-${machines}`,
  switches: [{ name: 'lan' }],
  machines: numbers.map((i) => ({
    name: `node-${i}`,
    nics: [{ name: 'eth0', addresses: [`${address(i)}/16`], cable: { switch: 'lan' } }],
    docker: {},
  })),
  containers: numbers.flatMap((i) => [1, 2].map((k) => ({ name: `web-${i}-${k}`, machine: `node-${i}` }))),
  journal: [{ netns: 'node-1', command: `ping -c 2 -W 1 ${address(machines)}` }],
});

const percentile = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
function report(name, intervals) {
  const sorted = [...intervals].sort((a, b) => a - b);
  const at = (share) => percentile(sorted, share).toFixed(1).padStart(6);
  const fps = (1000 * sorted.length) / sorted.reduce((sum, ms) => sum + ms, 0);
  console.log(
    `${name.padEnd(8)} ${String(sorted.length).padStart(5)} frames  median ${at(0.5)}  p95 ${at(0.95)}  p99 ${at(0.99)}  worst ${at(1)}  ${fps.toFixed(1)} fps`,
  );
}

async function open(browser, url) {
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
  page.on('pageerror', (error) => console.error(error.stack));
  await page.goto(`${url}#v=1&s=docker-bridge`);
  await page.waitForFunction(() => window.framewalkIdle !== undefined);
  await page.evaluate(() => window.framewalkIdle());
  await page.evaluate((text) => {
    const files = new DataTransfer();
    files.items.add(new File([text], 'bench.json', { type: 'application/json' }));
    const init = { bubbles: true, cancelable: true, dataTransfer: files };
    document.body.dispatchEvent(new DragEvent('drop', init));
  }, scenario);
  await page.waitForFunction(
    (count) => document.querySelectorAll('[data-room^="node-"]').length >= Math.min(count, 8),
    machines,
    { timeout: 120_000 },
  );
  await page.evaluate(() => window.framewalkIdle());
  return page;
}

/** Runs in the page: intervals between animation frames for so many seconds. */
const sample = (seconds) =>
  new Promise((resolve) => {
    const intervals = [];
    let last = performance.now();
    const end = last + seconds * 1000;
    const tick = (now) => {
      intervals.push(now - last);
      last = now;
      if (now < end) requestAnimationFrame(tick);
      else resolve(intervals.slice(2));
    };
    requestAnimationFrame(tick);
  });

/** Runs in the page: a painter of the stage's with flights of its own, over every cable there is. */
async function startFlights(count) {
  const [{ Painter }, { pointAt }, { CensusReader }, { layoutStage }, state, player] = await Promise.all([
    import('/src/ui/canvas/painter.ts'),
    import('/src/ui/canvas/geometry.ts'),
    import('/src/ui/canvas/census.ts'),
    import('/src/ui/canvas/layout.ts'),
    import('/src/state/index.ts'),
    import('/src/state/player.ts'),
  ]);
  const trace = state.getTrace();
  const reader = new CensusReader();
  reader.update(trace.events);
  const { links } = layoutStage(reader.census(trace.upSeq - 1), 1.4);
  const paths = links.map(({ path }) => path).filter(({ length }) => length > 30);
  const flights = Array.from({ length: count }, (_, i) => ({
    frame: i % trace.frames.length,
    from: { netns: `a${i}` },
    to: { netns: `b${i}` },
    startSeq: 0,
    endSeq: 0,
    start: 0,
    end: 1,
    kind: 'wire',
  }));
  const sources = {
    flights,
    waiting: [],
    pathOf: (flight) => paths[(flights.indexOf(flight) * 7) % paths.length],
    restOf: () => pointAt(paths[0], 0),
    beforeOf: () => undefined,
  };
  const below = document.querySelector('[data-testid="overlay"]');
  const canvas = below.cloneNode();
  below.after(canvas);
  const painter = new Painter(canvas);
  painter.show({ sources: () => sources }, null);
  painter.resize();
  const viewport = document.querySelector('.react-flow__viewport');
  const began = performance.now();
  let spent = 0;
  let drawn = 0;
  const step = (now) => {
    player.playhead.progress = ((now - began) / 2000) % 0.999;
    const { a, e, f } = new DOMMatrix(getComputedStyle(viewport).transform);
    const before = performance.now();
    painter.look([e, f, a]);
    painter.draw();
    spent += performance.now() - before;
    drawn++;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
  window.paintCost = () => spent / drawn;
}

const folder = mkdtempSync(join(tmpdir(), 'framewalk-bench-'));
const executablePath = await findChromium();
const browser = await chromium.launch({ executablePath, args: launchArgs });
const quiet = { logLevel: 'error' };
try {
  await build({ ...quiet, build: { outDir: folder, emptyOutDir: true } });
  const built = await preview({
    ...quiet,
    build: { outDir: folder },
    preview: { port: 0, host: '127.0.0.1' },
  });
  const story = await open(browser, built.resolvedUrls.local[0]);
  await story.click('[data-testid="play"]');
  report('story', await story.evaluate(sample, SECONDS));
  await story.close();
  await built.close();

  // The painter by itself is reached through the modules, which only the development server hands out.
  const served = await createServer({
    ...quiet,
    server: { port: 0, host: '127.0.0.1', hmr: false, watch: null },
  });
  await served.listen();
  const page = await open(browser, served.resolvedUrls.local[0]);
  await page.evaluate(startFlights, inFlight);
  report('flight', await page.evaluate(sample, SECONDS));
  const box = await page.locator('[data-testid="stage-view"]').boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height - 30];
  await page.mouse.move(x, y);
  await page.mouse.down();
  const intervals = page.evaluate(sample, SECONDS);
  for (let at = 0; at < SECONDS * 20; at++) {
    await page.mouse.move(x + Math.sin(at / 6) * 160, y + Math.cos(at / 9) * 20);
    await page.waitForTimeout(40);
  }
  report('panning', await intervals);
  console.log(
    `painting ${inFlight} frames takes ${(await page.evaluate(() => window.paintCost())).toFixed(2)} ms of each`,
  );
  await served.close();
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
