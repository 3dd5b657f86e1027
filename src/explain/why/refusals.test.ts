import { describe, expect, it } from 'vitest';
import { message } from '../format';
import type { Endpoints } from '../endpoints';
import { tuplesOf, isTranslated } from '../tuples';
import { refusalMessage, type Asked } from './refusals';

const ends: Endpoints = { protocol: 6, src: '10.0.1.2', dst: '10.0.2.2', srcPort: 40000, dstPort: 80 };
const asked: Asked = { ends, iif: 'r0', oif: 'r1', state: 'NEW' };
const echo: Asked = { ...asked, ends: { protocol: 1, src: '10.0.1.2', dst: '10.0.2.2', type: 0, code: 0 } };
const say = (failed: string, of: Asked = asked): string => message('en', refusalMessage(failed, of));

describe('why a rule did not match', () => {
  it.each([
    ['-p udp', 'protocol is tcp, not udp'],
    ['-s 10.0.9.0/24', 'source 10.0.1.2 is not in 10.0.9.0/24'],
    ['-d 10.0.9.1/32', 'destination 10.0.2.2 is not 10.0.9.1'],
    ['! -s 10.0.1.0/24', 'source 10.0.1.2 is left out by ! 10.0.1.0/24'],
    ['-i docker0', 'came in through r0, not docker0'],
    ['! -o r1', 'leaves through r1, which is left out'],
    ['-m tcp --dport 22', 'destination port is 80, not 22'],
    ['-m tcp --sport 1024:2000', 'source port is 40000, not 1024:2000'],
    ['-m conntrack --ctstate RELATED,ESTABLISHED', 'conntrack says NEW, not RELATED,ESTABLISHED'],
    ['-m addrtype --dst-type LOCAL', '10.0.2.2 is not an address of type LOCAL'],
    ['-m mark --mark 0x4000/0x4000', 'its mark is not 0x4000/0x4000'],
    ['-m set --match-set blocked src', '10.0.1.2 is not in the set blocked'],
  ])('%s: %s', (failed, text) => {
    expect(say(failed)).toBe(text);
  });

  it('quotes what it cannot say better', () => {
    for (const failed of [
      '! -p tcp',
      '-m tcp ! --dport 80',
      '-m tcp --sport 1 --dport 2',
      '-m limit --limit 5/min',
    ])
      expect(say(failed)).toBe(`does not match: ${failed}`);
  });

  it('says what an echo is, and that what is made here came in through nothing', () => {
    expect(say('-m icmp --icmp-type 8', echo)).toBe('ICMP type is 0, not 8');
    expect(say('-i eth0', { ...asked, iif: undefined })).toBe('came in through no device: it was made here');
  });
});

describe('the two directions of a connection', () => {
  const orig = 'src=10.0.1.2 dst=192.168.44.128 sport=40000 dport=8080';
  it('show what NAT changed on both sides', () => {
    const { orig: there, reply: back } = tuplesOf({
      orig,
      reply: 'src=172.17.0.2 dst=10.0.1.2 sport=80 dport=40000',
    });
    const moved = (words: typeof there): string[] =>
      words.filter(({ translated }) => translated).map(({ name, value }) => `${name}=${value}`);
    expect(moved(there)).toEqual(['dst=192.168.44.128', 'dport=8080']);
    expect(moved(back)).toEqual(['src=172.17.0.2', 'sport=80']);
  });
  it('mirror one another without NAT', () => {
    const plain = {
      protocol: 'tcp',
      flags: [],
      orig,
      reply: 'src=192.168.44.128 dst=10.0.1.2 sport=8080 dport=40000',
    };
    expect(isTranslated(plain)).toBe(false);
    expect(isTranslated({ ...plain, reply: plain.reply.replace('sport=8080', 'sport=81') })).toBe(true);
  });
});
