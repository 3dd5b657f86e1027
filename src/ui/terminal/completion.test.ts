import { describe, expect, it } from 'vitest';
import { applyCompletion, commonStart } from './completion';
import { after } from './after';

describe('Tab completion', () => {
  it('puts in the only candidate with a space', () => {
    expect(applyCompletion('ip rou', { from: 3, candidates: ['route'] })).toEqual({
      line: 'ip route ',
      list: [],
    });
  });
  it('goes as far as the candidates agree and lists them', () => {
    expect(applyCompletion('ping 10', { from: 5, candidates: ['10.1.15.2', '10.1.16.3'] })).toEqual({
      line: 'ping 10.1.1',
      list: ['10.1.15.2', '10.1.16.3'],
    });
  });
  it('leaves a line alone that nothing completes', () => {
    expect(applyCompletion('xyz', { from: 0, candidates: [] })).toEqual({ line: 'xyz', list: [] });
  });
  it('never takes away what was typed', () => {
    expect(applyCompletion('ip a', { from: 3, candidates: ['addr', 'b'] }).line).toBe('ip a');
  });
  it('finds the common beginning', () => {
    expect(commonStart(['docker0', 'docker1'])).toBe('docker');
    expect(commonStart([])).toBe('');
  });
});

describe('what happens after a command', () => {
  it('walks through what sends packets, and shows the answer of what does not', () => {
    expect(after('ping -c 1 10.1.16.3')).toBe('start');
    expect(after('  traceroute -n 10.1.16.3')).toBe('start');
    expect(after('ip netns exec a ping -c 1 10.0.0.2')).toBe('start');
    expect(after('docker exec container-1 ping 10.0.0.1')).toBe('start');
    expect(after('ip route')).toBe('end');
    expect(after('sysctl net.ipv4.ip_forward')).toBe('end');
  });
});
