import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { actions } from './actions';
import { keepAddressInStep, openLink, shareUrl } from './link';
import { idle } from './start';
import { comeToRest, open, startHeadless, state } from './testing/headless';

/** As much of a browser's address bar as is used. */
function addressBar(hash = '') {
  const bar = {
    href: `https://example.org/app/index.html${hash}`,
    get hash() {
      const at = bar.href.indexOf('#');
      return at < 0 ? '' : bar.href.slice(at);
    },
  };
  const written: string[] = [];
  let onHash: () => void = () => undefined;
  vi.stubGlobal('location', bar);
  vi.stubGlobal('history', {
    state: null,
    replaceState(_state: unknown, _title: string, url: string) {
      written.push(url);
      bar.href = new URL(url, bar.href).href;
    },
  });
  vi.stubGlobal('window', {
    addEventListener: (type: string, listener: () => void) => {
      if (type === 'hashchange') onHash = listener;
    },
    removeEventListener: () => {
      onHash = () => undefined;
    },
  });
  return {
    written,
    bar,
    /** Somebody types or clicks another fragment. */
    navigate: (fragment: string) => {
      bar.href = new URL(fragment, bar.href).href;
      onHash();
    },
  };
}

beforeAll(startHeadless);
beforeEach(comeToRest);
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the address bar', () => {
  it('says where one is, not more often than needed', async () => {
    await open('docker-bridge');
    const { written, bar } = addressBar();
    const stop = keepAddressInStep();
    for (let i = 0; i < 50; i++) actions.eventForward();
    expect(written).toEqual([]);
    await idle();
    expect(written).toHaveLength(1);
    expect(bar.href).toBe(shareUrl());
    expect(bar.hash).toMatch(/^#v=1&s=docker-bridge&c=[\d.]+&l=en$/);
    actions.setPanel('lesson');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(bar.hash).toContain('&p=lesson');
    expect(written).toHaveLength(2);
    actions.setPanel('tables');
    stop();
  });

  it('opens what is put there, but not what it wrote itself', async () => {
    await open('docker-bridge');
    const { navigate, bar } = addressBar();
    const stop = keepAddressInStep();
    actions.toEnd();
    await idle();
    const version = state().traceVersion;
    navigate(bar.hash);
    await idle();
    expect(state().traceVersion).toBe(version);
    navigate('#s=flannel-vxlan&c=1.5');
    await idle();
    expect(state().run.scenarioId).toBe('flannel-vxlan');
    expect(state().cursor).toBe((state().starts[0] ?? 0) + 5);
    stop();
  });

  it('names a namespace when one was chosen, and follows the story when not', async () => {
    await open('flannel-vxlan');
    const begins = state().journal[0]?.netns ?? '';
    expect(state().selection.netns).toBeNull();
    const following = shareUrl();
    expect(following).not.toMatch(/[&#]n=/);
    actions.selectNetns(begins);
    const chosen = shareUrl();
    expect(chosen).toContain(`&n=${begins}`);
    await openLink(following);
    expect(state().selection.netns).toBeNull();
    await openLink(chosen);
    expect(state().selection.netns).toBe(begins);
    actions.selectNetns(null);
    expect(shareUrl()).toBe(following);
  });

  it('does without a browser that forbids changing it', async () => {
    await open('docker-bridge');
    addressBar();
    vi.stubGlobal('history', {
      replaceState() {
        throw new DOMException('too often', 'SecurityError');
      },
    });
    const stop = keepAddressInStep();
    actions.toEnd();
    await idle();
    expect(shareUrl()).toContain('c=1.');
    stop();
  });
});

describe('hostile links', () => {
  it('never break the app', async () => {
    const field = fc.constantFrom('v', 's', 'd', 'j', 'c', 'w', 'n', 'i', 'f', 'p', 'l', '__proto__');
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('docker-bridge', '1.5', '0.0', 'b.0', '9999.999999999', 'nginx-1:ping+-c+1+172.17.0.3'),
      fc.constantFrom(
        'host:rm+-rf+/;x:y',
        '@3600+host:ip+link',
        'host:sleep+99999999',
        'toString',
        '-1',
        'zh',
      ),
    );
    const link = fc.array(fc.tuple(field, value), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(link, async (fields) => {
        await open('docker-bridge');
        await openLink(`#${fields.map(([name, text]) => `${name}=${text}`).join('&')}`);
        await idle();
        const { cursor, run } = state();
        expect(run).toMatchObject({ phase: 'ready', busy: false });
        expect(Number.isInteger(cursor)).toBe(true);
        for (const { message } of state().linkProblems) expect(message.zh).not.toBe('');
      }),
      { numRuns: 40, seed: 8 },
    );
    actions.setLang('en');
  });
});
