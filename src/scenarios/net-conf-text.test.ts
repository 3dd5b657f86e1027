import { describe, expect, it } from 'vitest';
import { parseNetConf } from '../sim/index';
import { netConfTextZh } from './net-conf-text';

const Network = '10.0.0.0/16';

describe('what is wrong with a net-conf.json', () => {
  it.each([
    [{ Network: '10.244.0.0/99' }, '"10.244.0.0/99" 不是网络地址，应形如 10.244.0.0/16'],
    [{ Network, EnableIPv4: 'yes' }, '"yes" 不是 true 或 false'],
    [{ Network, SubnetLen: 3.5 }, '3.5 不是 0 到 128 之间的整数'],
    [{ Network, SubnetMin: 7 }, '7 不是 IPv4 地址'],
    [{ Network, Backend: { Type: 1 } }, '1 不是字符串'],
    [{ Network, Backend: 'vxlan' }, '"vxlan" 不是对象'],
    [[], '应为 JSON 对象'],
    [{}, '请写明正确的 Network'],
    [{ Network: '10.0.0.0/29' }, '网络太小，前缀最长为 /28'],
    [{ Network, SubnetLen: 31 }, 'SubnetLen 必须小于 /31'],
    [{ Network, SubnetLen: 17 }, '网络中至少要能放下四个子网'],
    [{ Network, SubnetMin: '11.0.0.0' }, 'SubnetMin 不在 Network 的范围内'],
    [{ Network, SubnetMax: '10.0.5.7' }, 'SubnetMax 没有对齐到 SubnetLen：10.0.5.7'],
  ])('is said in Chinese: %j', (json, chinese) => {
    const parsed = parseNetConf(JSON.stringify(json));
    expect(parsed.ok ? '' : netConfTextZh(parsed.error)).toBe(chinese);
  });

  it('is said of what is no JSON', () => {
    const parsed = parseNetConf('{');
    expect(parsed.ok ? '' : netConfTextZh(parsed.error)).toBe('不是有效的 JSON');
  });
});
