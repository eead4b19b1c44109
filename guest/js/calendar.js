// Time zones and business days, asked of the host: plugins carry no time-zone data.
// Pure: the same question has the same answer. Times are Unix milliseconds.

import host from "followup:plugin/calendar@0.1.0";

import { whole } from "./wire.js";

/** The wall-clock time at a moment: year, month, day, hour, minute, second, weekday (1 is Monday). */
export function toLocal(at, zone) {
  return told(() => host.toLocal(whole(at, "toLocal"), zone));
}

/** A local time that a clock change skips moves forward by the gap; one that happens twice is the earlier. */
export function fromLocal(local, zone) {
  const { year, month, day, hour = 0, minute = 0, second = 0 } = local;
  return Number(told(() => host.fromLocal({ year, month, day, hour, minute, second, weekday: 1 }, zone)));
}

/** The same local time, `days` business days later (earlier, where negative). */
export function addBusinessDays(at, days, zone) {
  return Number(told(() => host.addBusinessDays(whole(at, "addBusinessDays"), days, zone)));
}

/** Whether the local date of `at` is a working day of the tenant and no holiday. */
export function isBusinessDay(at, zone) {
  return told(() => host.isBusinessDay(whole(at, "isBusinessDay"), zone));
}

/** The host throws {tag, val}; authors want an Error with a message and a stack. */
function told(ask) {
  try {
    return ask();
  } catch (error) {
    const { tag, val } = error?.payload ?? error ?? {};
    if (tag === "unknown-zone") throw new RangeError(`${JSON.stringify(val)} is no time zone of the IANA database`);
    if (tag === "out-of-range") throw new RangeError(`no such date: ${val}`);
    throw error;
  }
}
