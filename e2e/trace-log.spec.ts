/** TRACE rules write to the kernel's log; the log is read, and leads to the steps that wrote it. */
import { expect, still, test } from './app';

test.use(still);

const SCENARIO = '#v=1&s=docker-host-to-container&l=en';
/** As the rules write them, for the request and its answer. */
const PLACES = [
  'raw:OUTPUT:policy:2',
  'nat:OUTPUT:policy:2',
  'filter:OUTPUT:policy:1',
  'nat:POSTROUTING:policy:2',
  'raw:PREROUTING:policy:2',
  'filter:INPUT:policy:1',
];

test('the log is read, and a click on a line goes to its step', async ({ app }) => {
  await app.open(SCENARIO);
  await app.toEnd();
  await app.show('tables');
  await app.selectNetns('host');
  const log = app.page.getByTestId('table-log');
  const lines = log.getByRole('listitem').getByRole('button');
  const texts = await lines.allInnerTexts();
  expect(texts.map((text) => /TRACE: (\S+)/.exec(text)?.[1])).toEqual(PLACES);
  expect(texts[0]).toMatch(
    /IN= OUT=docker0 SRC=172\.17\.0\.1 DST=172\.17\.0\.2 LEN=84 .*PROTO=ICMP TYPE=8 CODE=0 ID=1 SEQ=1/,
  );
  expect(texts.at(-1)).toMatch(
    /IN=docker0 OUT= PHYSIN=\S+ MAC=\S+ SRC=172\.17\.0\.2 DST=172\.17\.0\.1 .*TYPE=0 CODE=0/,
  );

  for (const [place, title] of [
    ['raw:OUTPUT', /^host traces the echo request through OUTPUT: 3 log lines/],
    ['nat:POSTROUTING', /^host traces the echo request through POSTROUTING: 1 log line$/],
    ['raw:PREROUTING', /^host traces the echo reply through PREROUTING: 1 log line$/],
    ['filter:INPUT', /^host traces the echo reply through INPUT: 1 log line$/],
  ] as const) {
    await app.toEnd();
    await lines.filter({ hasText: place }).click();
    await app.idle();
    expect(await app.title()).toMatch(title);
    await expect(lines.filter({ hasText: place })).toHaveAttribute('aria-current', 'step');
    await expect(app.why).toContainText(`TRACE: ${place}`);
  }
  // Lines come with the cursor.
  await app.goTo(await app.numberOf(/^host traces the echo request through OUTPUT/));
  await expect(lines).toHaveCount(3);
  await app.toStart();
  await expect(log).toHaveCount(0);
});

test('dmesg prints the same lines', async ({ app }) => {
  await app.open(SCENARIO);
  await app.toEnd();
  await app.openTerminal('host');
  const printed = await app.printed('dmesg');
  for (const place of PLACES)
    expect(printed).toMatch(new RegExp(`^\\[ +\\d+\\.\\d{6}\\] TRACE: ${place} IN=`, 'm'));
});
