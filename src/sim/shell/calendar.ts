/** The calendar of virtual time, of which 0 is the beginning of 1970 in UTC. */
import type { SimTime } from '../kernel/netlink';

const SECOND = 1_000_000_000;
const DAY_SECONDS = 86_400;
const MS = 1_000_000;

interface Moment {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  /** 0: Sunday. */
  readonly weekday: number;
  /** `23:59:58` */
  readonly clock: string;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Days since 1970-01-01 as a date (Howard Hinnant, civil_from_days): years begin in March, so the leap day is the last. */
function civil(days: number): Pick<Moment, 'year' | 'month' | 'day'> {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const march = Math.floor((5 * ofYear + 2) / 153);
  const month = march < 10 ? march + 3 : march - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: ofYear - Math.floor((153 * march + 2) / 5) + 1,
  };
}

export function momentOf(at: SimTime): Moment {
  const seconds = Math.floor(at / SECOND);
  const days = Math.floor(seconds / DAY_SECONDS);
  const left = seconds - days * DAY_SECONDS;
  const clock = `${two(Math.floor(left / 3600))}:${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`;
  // 1970 began on a Thursday.
  return { ...civil(days), weekday: (((days + 4) % 7) + 7) % 7, clock };
}

/** `1970-01-01` */
export function isoDay({ year, month, day }: Moment): string {
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

/** `1970-01-01T00:00:05.250Z` */
export function isoMillis(at: SimTime): string {
  const moment = momentOf(at);
  const ms = Math.floor((at - Math.floor(at / SECOND) * SECOND) / MS);
  return `${isoDay(moment)}T${moment.clock}.${String(ms).padStart(3, '0')}Z`;
}
