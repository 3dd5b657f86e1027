import { describe, expect, it } from 'vitest';
import { placeText } from './place';

describe('places', () => {
  it.each([
    ['line 9', '第 9 行'],
    ['script, line 12', '脚本，第 12 行'],
    ['(top level)', '（最外层）'],
    ['journal', '命令记录'],
    ['machines[0].nics[1].mac', 'machines[0].nics[1].mac'],
    ['journal[2].netns', 'journal[2].netns'],
    ['net-conf.json: Backend.Type', 'net-conf.json: Backend.Type'],
  ])('%s', (place, chinese) => {
    expect(placeText(place, 'zh')).toBe(chinese);
    expect(placeText(place, 'en')).toBe(place);
  });
});
