import { describe, expect, it } from 'vitest';
import { message, messageParts, placesOf } from './format';
import { msg } from './messages';

describe('texts', () => {
  it('puts values into places and leaves the marks out of plain text', () => {
    const m = msg('fib.direct', { who: 'node1', dst: '10.1.15.2', dev: 'docker0' });
    expect(message('en', m)).toBe('node1 looks up 10.1.15.2: directly on docker0');
    expect(messageParts('en', m)).toEqual([
      { text: 'node1', style: 'strong' },
      { text: ' looks up 10.1.15.2: directly on docker0', style: 'plain' },
    ]);
  });

  it('chooses singular and plural by the number', () => {
    const of = (n: number): string => message('en', msg('note.queue', { n }));
    expect([of(1), of(2), of(0)]).toEqual(['1 packet waits.', '2 packets wait.', '0 packets wait.']);
  });

  it('takes in terms in the language of the sentence', () => {
    const m = msg('frame.rx', { who: 'node1', what: 'pkt.arpRequest', dev: 'eth0' });
    expect(message('en', m)).toBe('node1 receives the ARP request on eth0');
    expect(message('zh', m)).toBe('node1 从 eth0 收到 ARP 请求');
  });

  it('sets a space between Han and Latin where a term begins or ends', () => {
    const m = msg('drop.drop', { who: 'node1', what: 'pkt.frame', label: 'label.NO_SOCKET' });
    expect(message('zh', m)).toBe('node1 丢弃以太网帧：无人监听');
    expect(message('zh', msg('nud.gone', { who: 'x', dst: '10.0.0.1' }))).toBe('x 删掉邻居 10.0.0.1');
  });

  it('never reads marks or places in values', () => {
    const m = msg('cmd.run', { who: '**a**{n}', text: 'echo `x` {@y}' });
    expect(messageParts('en', m)).toEqual([
      { text: '**a**{n}', style: 'strong' },
      { text: ' runs ', style: 'plain' },
      { text: 'echo `x` {@y}', style: 'code' },
    ]);
  });

  it('refuses a missing value and an unknown term', () => {
    expect(() => message('en', { id: 'fib.direct', values: { who: 'a', dst: 'b' } })).toThrow(/\{dev\}/);
    const m = { id: 'frame.rx', values: { who: 'a', what: 'pkt.nothing', dev: 'b' } } as const;
    expect(() => message('en', m)).toThrow(/pkt\.nothing/);
  });

  it('lists the places of a text once each', () => {
    expect(placesOf('{a} {n|x|y} {@t} {a} {n}')).toEqual(['a', 'n', 't']);
  });
});
