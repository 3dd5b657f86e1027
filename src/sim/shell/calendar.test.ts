import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoDay, isoMillis, momentOf } from './calendar';

describe('the calendar', () => {
  it.each([
    [0, '1970-01-01', 4, '00:00:00'],
    [-1, '1969-12-31', 3, '23:59:59'],
    [90_000, '1970-01-02', 5, '01:00:00'],
    [58 * 86_400, '1970-02-28', 6, '00:00:00'],
    [59 * 86_400, '1970-03-01', 0, '00:00:00'],
    [789 * 86_400, '1972-02-29', 2, '00:00:00'],
    [-86_400 * 365, '1969-01-01', 3, '00:00:00'],
  ])('%d s', (seconds, day, weekday, clock) => {
    const moment = momentOf(seconds * 1e9);
    expect([isoDay(moment), moment.weekday, moment.clock]).toEqual([day, weekday, clock]);
  });

  it('goes on day by day', () => {
    fc.assert(
      fc.property(fc.integer({ min: -4_000, max: 9_000 }), (days) => {
        const [today, tomorrow] = [momentOf(days * 86_400e9), momentOf((days + 1) * 86_400e9)];
        expect(isoDay(today) < isoDay(tomorrow)).toBe(true);
        expect(tomorrow.weekday).toBe((today.weekday + 1) % 7);
        expect(tomorrow.day === today.day + 1 || tomorrow.day === 1).toBe(true);
      }),
    );
  });

  it('keeps milliseconds', () => {
    expect(isoMillis(5_250_000_000)).toBe('1970-01-01T00:00:05.250Z');
    expect(isoMillis(-1)).toBe('1969-12-31T23:59:59.999Z');
  });
});
