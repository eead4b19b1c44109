// When something should happen: said in words, resolved by the host in the contact's time zone.

import { whole } from "./wire.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export class When {
  constructor(wire) {
    this.wire = wire;
  }

  /** As soon as the guardrails allow. */
  static now() {
    return new When({ tag: "now" });
  }

  /** A moment in Unix milliseconds. */
  static at(ms) {
    return new When({ tag: "at", val: whole(ms, "When.at") });
  }

  static afterMs(ms) {
    return new When({ tag: "after", val: Math.max(0, whole(ms, "When.afterMs")) });
  }

  static afterMinutes(minutes) {
    return When.afterMs(minutes * MINUTE);
  }

  static afterHours(hours) {
    return When.afterMs(hours * HOUR);
  }

  /** Days of 24 hours. */
  static afterDays(days) {
    return When.afterMs(days * DAY);
  }

  /**
   * Counted with the tenant's calendar; 0 is today, or the next business day if today is none.
   * `at` is a time of that day, like "09:30"; without it, the current one.
   */
  static afterBusinessDays(days, at) {
    return new When({ tag: "after-business-days", val: { days, at: at === undefined ? null : timeOfDay(at) } });
  }
}

/** "09:30" to hours and minutes. */
export function timeOfDay(text) {
  const [, hour, minute] = /^(\d\d):(\d\d)$/.exec(text) ?? [];
  if (!(Number(hour) < 24 && Number(minute) < 60)) {
    throw new RangeError(`${JSON.stringify(text)} is no time of day: write it like 09:30`);
  }
  return { hour: Number(hour), minute: Number(minute) };
}

/** "30m", "12h", "3d" of a configuration, in milliseconds. */
export function span(text) {
  const [, figures, unit] = /^(\d{1,4})([mhd])$/.exec(text) ?? [];
  if (figures === undefined) {
    throw new RangeError(`${JSON.stringify(text)} is no length of time: write it like 30m, 12h or 3d`);
  }
  return Number(figures) * { m: MINUTE, h: HOUR, d: DAY }[unit];
}
