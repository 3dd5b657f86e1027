import { afterEach, describe, expect, it, vi } from 'vitest';
import { languageOf, loadSettings, saveSettings, settingsFrom } from './settings';

const DEFAULTS = { lang: 'en', theme: 'system', projector: false, showBoot: false };

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the language of a first visit', () => {
  it.each([
    [['zh-CN', 'en'], 'zh'],
    [['zh-Hant-TW'], 'zh'],
    [['de-DE', 'zh', 'en'], 'zh'],
    [['en-GB', 'zh'], 'en'],
    [['fr'], 'en'],
    [[], 'en'],
  ])('%j: %s', (wanted, expected) => {
    expect(languageOf(wanted)).toBe(expected);
  });
});

describe('settings', () => {
  it.each([
    [null, DEFAULTS],
    ['not JSON', DEFAULTS],
    ['null', DEFAULTS],
    ['[1]', DEFAULTS],
    ['{"lang":"zh","theme":7,"projector":true}', { ...DEFAULTS, lang: 'zh', projector: true }],
    ['{"lang":"fr","theme":"dark","showBoot":"yes"}', { ...DEFAULTS, theme: 'dark' }],
  ])('from %j', (text, expected) => {
    expect(settingsFrom(text, [])).toEqual(expected);
  });

  it('are kept in the browser', () => {
    const kept = new Map<string, string>();
    const localStorage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
    vi.stubGlobal('window', { localStorage });
    saveSettings({ lang: 'zh', theme: 'dark', projector: true, showBoot: false });
    expect(loadSettings()).toEqual({ lang: 'zh', theme: 'dark', projector: true, showBoot: false });
  });

  it('do without a browser that forbids keeping them', () => {
    vi.stubGlobal('window', {
      get localStorage(): never {
        throw new DOMException('denied', 'SecurityError');
      },
    });
    expect(() => saveSettings(loadSettings())).not.toThrow();
    vi.stubGlobal('window', {
      localStorage: {
        getItem() {
          throw new DOMException('denied', 'SecurityError');
        },
        setItem() {
          throw new DOMException('full', 'QuotaExceededError');
        },
      },
    });
    expect(() => saveSettings(loadSettings())).not.toThrow();
  });
});
