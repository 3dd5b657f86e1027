/** What a person likes, kept in the browser between visits. Never part of a link, except the language. */
import type { Lang, Settings, Theme } from './types';

const KEY = 'framewalk.settings';

interface SettingsPlace {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** undefined where there is none or the browser forbids it (private windows, `file:` pages, blocked cookies). */
function place(): SettingsPlace | undefined {
  try {
    return typeof window === 'undefined' ? undefined : window.localStorage;
  } catch {
    return undefined;
  }
}

/** Chinese for any Chinese among the languages asked for before English comes; English for everybody else. */
export function languageOf(wanted: readonly string[]): Lang {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0];
    if (language === 'zh') return 'zh';
    if (language === 'en') return 'en';
  }
  return 'en';
}

const isLang = (value: unknown): value is Lang => value === 'en' || value === 'zh';
const isTheme = (value: unknown): value is Theme =>
  value === 'system' || value === 'light' || value === 'dark';

/** Field by field: whatever cannot be used falls back to its default. */
export function settingsFrom(text: string | null, wanted: readonly string[]): Settings {
  let stored: Record<string, unknown> = {};
  try {
    const parsed: unknown = text === null ? {} : JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) stored = parsed as Record<string, unknown>;
  } catch {
    // Somebody else's text under our key: start afresh.
  }
  return {
    lang: isLang(stored.lang) ? stored.lang : languageOf(wanted),
    theme: isTheme(stored.theme) ? stored.theme : 'system',
    projector: stored.projector === true,
    showBoot: stored.showBoot === true,
  };
}

export function loadSettings(): Settings {
  const wanted = typeof navigator === 'undefined' ? [] : navigator.languages;
  let text: string | null = null;
  try {
    text = place()?.getItem(KEY) ?? null;
  } catch {
    // Reading is forbidden: defaults.
  }
  return settingsFrom(text, wanted);
}

export function saveSettings(settings: Settings): void {
  try {
    place()?.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Full or forbidden: the settings hold until the page is closed.
  }
}
