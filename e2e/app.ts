/** The application as its users meet it: by roles, names and keys. Every journey goes through this class. */
import { test as base, expect, type Locator, type Page } from '@playwright/test';

export { expect };

export type Table =
  | 'route'
  | 'neigh'
  | 'fdb'
  | 'link'
  | 'conntrack'
  | 'socket'
  | 'qdisc'
  | 'etcd'
  | 'rule'
  | 'process'
  | 'sysctl';
export type Panel = 'story' | 'tables' | 'packet' | 'terminal' | 'lesson';

/** One step as the story shows it. */
export interface ShownStep {
  readonly title: string;
  readonly detail: string;
}

const squeeze = (text: string) => text.replace(/\s+/g, ' ').trim();

export class Framewalk {
  readonly story: Locator;
  readonly current: Locator;
  readonly why: Locator;
  readonly packets: Locator;
  readonly position: Locator;
  readonly terminalInput: Locator;
  readonly terminalOutput: Locator;

  constructor(readonly page: Page) {
    this.story = page.getByTestId('story');
    this.current = page.locator('[data-testid="step"][aria-current="step"]');
    this.why = page.getByTestId('why');
    this.packets = page.getByTestId('packets').locator('li');
    this.position = page.getByTestId('position');
    this.terminalInput = page.getByTestId('terminal-input');
    this.terminalOutput = page.getByTestId('terminal-output');
  }

  /** A fresh page at this fragment (`#v=1&…`), at rest. */
  async open(fragment = ''): Promise<void> {
    // Another fragment of the same address would only be a jump within the page.
    if (this.page.url() !== 'about:blank') await this.page.goto('about:blank');
    await this.page.goto(`./${fragment}`);
    await this.idle();
  }

  /** Until worker, queue, player and address are quiet. */
  async idle(): Promise<void> {
    await this.page.waitForFunction(() => window.framewalkIdle !== undefined);
    await this.page.evaluate(() => window.framewalkIdle?.());
  }

  // ---- Walking ---------------------------------------------------------------------------------------------------

  async press(key: string, times = 1): Promise<void> {
    for (let i = 0; i < times; i++) await this.page.keyboard.press(key);
  }
  async step(times = 1): Promise<void> {
    await this.press('ArrowRight', times);
    await this.idle();
  }
  async back(times = 1): Promise<void> {
    await this.press('ArrowLeft', times);
    await this.idle();
  }
  async toStart(): Promise<void> {
    await this.press('Home');
    await this.idle();
  }
  async toEnd(): Promise<void> {
    await this.press('End');
    await this.idle();
  }
  /** To the step of this number, the first being 1, with a click in the story. */
  async goTo(number: number): Promise<void> {
    await this.page.locator(`[data-testid="step"][data-index="${number - 1}"] > button`).click();
    await this.idle();
  }
  async number(): Promise<number> {
    return (await this.counter()).at;
  }
  async counter(): Promise<{ readonly at: number; readonly of: number }> {
    const [, at, of] = /(\d+)\s*\/\s*(\d+)/.exec(await this.position.innerText()) ?? [];
    return { at: Number(at), of: Number(of) };
  }
  /** Waits until the story stands at this step. */
  async isAt(number: number): Promise<void> {
    await expect(this.position).toHaveText(new RegExp(`^${number}\\s*/`));
  }

  // ---- The story -------------------------------------------------------------------------------------------------

  steps(): Promise<ShownStep[]> {
    return this.page.getByTestId('step').evaluateAll((items) =>
      items.map((item) => {
        const words = item.querySelector(':scope > button > span:last-child');
        const text = (element: Element | null | undefined) =>
          (element?.textContent ?? '').replace(/\s+/g, ' ').trim();
        return {
          title: text(words?.querySelector(':scope > span')),
          detail: text(words?.querySelector('small')),
        };
      }),
    );
  }
  async titles(): Promise<string[]> {
    return (await this.steps()).map(({ title }) => title);
  }
  async title(): Promise<string> {
    return squeeze(await this.current.locator('> button > span:last-child > span').innerText());
  }
  /** Number of the first step whose title matches, from 1. */
  async numberOf(title: RegExp): Promise<number> {
    const titles = await this.titles();
    const index = titles.findIndex((each) => title.test(each));
    expect(index, `no step “${String(title)}” in:\n${titles.join('\n')}`).toBeGreaterThanOrEqual(0);
    return index + 1;
  }

  // ---- Panels ----------------------------------------------------------------------------------------------------

  tab(panel: Panel): Locator {
    return this.page.getByTestId(`tab-${panel}`);
  }
  async show(panel: Panel): Promise<void> {
    await this.tab(panel).click();
    await expect(this.tab(panel)).toHaveAttribute('aria-selected', 'true');
  }
  /** The namespace chip in the open panel. */
  netns(name: string): Locator {
    return this.page.getByRole('tabpanel').getByRole('button', { name, exact: true });
  }
  async selectNetns(name: string): Promise<void> {
    await this.netns(name).click();
    await expect(this.netns(name)).toHaveAttribute('aria-pressed', 'true');
  }
  /** A device on the stage. */
  device(netns: string, dev: string): Locator {
    return this.page.locator(`[data-place="${netns} ${dev}"]`);
  }
  /** Rows of one table of a namespace, as text; folded groups are unfolded, rows that the step removed are left out. */
  async rows(netns: string, table: Table): Promise<string[]> {
    await this.show('tables');
    await this.selectNetns(netns);
    return this.shownRows(table);
  }
  async shownRows(table: Table): Promise<string[]> {
    const section = this.page.getByTestId(`table-${table}`);
    for (const fold of await section.locator('button[aria-expanded="false"]').all()) await fold.click();
    return section.locator('tbody tr').evaluateAll((rows) =>
      rows
        .filter((row) => row.getAttribute('data-marks')?.includes('removed') !== true)
        .map((row) =>
          [...row.querySelectorAll('td')]
            .slice(1)
            .map((cell) => (cell.textContent ?? '').trim())
            .filter((text) => text !== '')
            .join(' '),
        ),
    );
  }

  /** Rules of a chain, in the open tables panel, that contain this. */
  rule(table: string, chain: string, text: string): Locator {
    return this.page
      .getByRole('table', { name: `${table} ${chain}`, exact: true })
      .getByRole('row')
      .filter({ hasText: text });
  }
  /** Packets and bytes that a rule has counted. */
  async counted(rule: Locator): Promise<readonly [packets: number, bytes: number]> {
    const cells = await rule.getByRole('cell').allInnerTexts();
    return [Number(cells[2]), Number(cells[3])];
  }
  /** Opens the Break menu at a machine. */
  async breaksAt(netns: string): Promise<Locator> {
    await this.page.getByTestId('break-menu').click();
    await this.page.getByTestId('break-where').selectOption(netns);
    return this.page.getByRole('listbox');
  }
  /** Breaks or mends something with the mouse. */
  async breakIt(netns: string, words: RegExp): Promise<void> {
    const list = await this.breaksAt(netns);
    await list.getByRole('option', { name: words }).first().click();
    await expect(list).toBeHidden();
    await this.idle();
  }

  // ---- Commands --------------------------------------------------------------------------------------------------

  async openTerminal(netns: string): Promise<void> {
    await this.show('terminal');
    await this.selectNetns(netns);
  }
  /** Types a command into the terminal of a namespace. What it sets off is not played: the cursor waits before it. */
  async terminal(netns: string, command: string): Promise<void> {
    await this.openTerminal(netns);
    await this.page.getByRole('tabpanel').getByRole('checkbox').uncheck();
    await this.terminalInput.fill(command);
    await this.terminalInput.press('Enter');
    await expect(this.terminalInput).toHaveValue('');
    await this.idle();
    // Keys belong to the page again.
    await this.terminalInput.press('Escape');
  }
  /** What the last command printed, to the end of the scrollback. */
  async printed(command: string): Promise<string> {
    const text = await this.terminalOutput.innerText();
    const typed = `# ${command}`;
    const at = text.lastIndexOf(typed);
    expect(at, `“${command}” is not in the terminal:\n${text}`).toBeGreaterThanOrEqual(0);
    return text.slice(at + typed.length);
  }
  async undo(): Promise<void> {
    await this.press('u');
    await this.idle();
  }
  async redo(): Promise<void> {
    await this.press('Shift+U');
    await this.idle();
  }

  // ---- Links and files -------------------------------------------------------------------------------------------

  /** The link that Share puts on the clipboard. */
  async shared(): Promise<string> {
    await this.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await this.page.getByTestId('share').click();
    await expect(this.page.getByTestId('share')).toHaveAccessibleName('Link copied');
    return this.page.evaluate(() => navigator.clipboard.readText());
  }
  /** Drops a file on the middle of the page, as a person would. */
  async drop(name: string, text: string): Promise<void> {
    const transfer = await this.page.evaluateHandle(
      ([fileName, content]) => {
        const data = new DataTransfer();
        data.items.add(new File([content], fileName));
        return data;
      },
      [name, text] as const,
    );
    const page = this.page.locator('main').first();
    await page.dispatchEvent('dragenter', { dataTransfer: transfer });
    await expect(this.page.getByText('Drop to open')).toBeVisible();
    await page.dispatchEvent('dragover', { dataTransfer: transfer });
    await page.dispatchEvent('drop', { dataTransfer: transfer });
    await expect(this.page.getByText('Drop to open')).toBeHidden();
    await transfer.dispose();
  }
  async pickScenario(title: string): Promise<void> {
    await this.page.getByTestId('scenario-picker').click();
    await this.page.getByRole('option', { name: title }).first().click();
    await expect(this.page.getByTestId('scenario-picker')).toContainText(title);
    await this.idle();
  }
  /** Switches to the language that is not shown. */
  get otherLanguage(): Locator {
    return this.page.locator('header button[lang]');
  }
  get scenarioName(): Locator {
    return this.page.getByTestId('scenario-picker');
  }
  /** Says what it left out of a link, or what is worth knowing about a file. */
  banner(start: string | RegExp): Locator {
    return this.page
      .locator('[data-testid="app"] > *')
      .filter({ hasText: start })
      .filter({ has: this.page.getByRole('listitem') })
      .first();
  }
  get problems(): Locator {
    return this.page.getByRole('dialog');
  }
}

/** What the browser complained of while a journey ran. */
function complaintsOf(page: Page, into: string[]): void {
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      into.push(`console ${message.type()}: ${message.text()}`);
    }
  });
  page.on('pageerror', (error) => into.push(`uncaught: ${error.stack ?? error.message}`));
  page.on('requestfailed', (request) => {
    // A page that is left drops what it was loading.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') into.push(`failed: ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) into.push(`${response.status()}: ${response.url()}`);
  });
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1')
      into.push(`asks the network for ${request.url()}`);
  });
  page.on('dialog', (dialog) => {
    into.push(`a ${dialog.type()} blocks the page: ${dialog.message()}`);
    void dialog.dismiss();
  });
}

interface Fixtures {
  readonly complaints: string[];
  readonly app: Framewalk;
  /** Another page of the same browser, watched alike. */
  readonly another: () => Promise<Framewalk>;
}

/** A test with an app; errors and warnings of the browser fail it, in whatever journey they come up. */
export const test = base.extend<Fixtures>({
  complaints: async ({}, use) => {
    const complaints: string[] = [];
    await use(complaints);
    expect(complaints, 'the browser complained').toEqual([]);
  },
  app: async ({ page, complaints }, use) => {
    complaintsOf(page, complaints);
    await use(new Framewalk(page));
  },
  another: async ({ context, complaints }, use) => {
    await use(async () => {
      const page = await context.newPage();
      complaintsOf(page, complaints);
      return new Framewalk(page);
    });
  },
});

/** Journeys that are not about motion go without it: each step is at its end at once. */
export const still = { contextOptions: { reducedMotion: 'reduce' } } as const;
