// What policies and triggers share. Times are Unix milliseconds, UTC.

/** A moment as an attribute. Everywhere else a time is a plain number. */
export class Moment {
  constructor(ms: number);
  ms: number;
}

/** The value of an attribute. Lists, objects and null travel as JSON. */
export type Value = string | number | boolean | Moment | null | unknown[] | { [key: string]: unknown };

/** Named values in the order they were given; a name occurs once. */
export class Attributes implements Iterable<[string, Value]> {
  get(name: string): Value | undefined;
  /** A text that says something: blank ones count as missing. */
  text(name: string): string | undefined;
  /** A number, or a text that is one: CRMs send both. */
  number(name: string): number | undefined;
  /** A boolean, or a text that is one. */
  flag(name: string): boolean | undefined;
  /** A moment, or an RFC 3339 text. */
  at(name: string): number | undefined;
  set(name: string, value: Value): this;
  readonly size: number;
  [Symbol.iterator](): IterableIterator<[string, Value]>;
}

/** Why a plugin gives no answer. Throw one; any other exception counts as a bug of the plugin. */
export class PluginError extends Error {
  /** Parked until the configuration changes. The path is a JSON pointer: `/steps/2/template`. */
  static config(path: string, message: string): PluginError;
  /** Parked until the plugin changes. */
  static state(message: string): PluginError;
  /** Parked. */
  static unsupportedEvent(message: string): PluginError;
  /** Called again with the same input, after a backoff or at `notBefore`. */
  static transient(message: string, notBefore?: number): PluginError;
  /** Parked at once. */
  static permanent(message: string): PluginError;
}

/** Unix milliseconds of an RFC 3339 text with its zone. */
export function parseTime(text: unknown): number | undefined;

/** `"30m"`, `"12h"` or `"3d"` of a configuration, in milliseconds. */
export function span(text: string): number;

/** Lines for the plugin's log, shown beside the decision. */
export const log: Record<
  "trace" | "debug" | "info" | "warn" | "error",
  (message: string, fields?: { [name: string]: Value }) => void
>;

/** A wall-clock time in some zone. Monday is weekday 1. */
export interface LocalTime {
  year: number;
  month: number;
  day: number;
  hour?: number;
  minute?: number;
  second?: number;
  readonly weekday?: number;
}

/** Time zones and business days, asked of the host. They throw RangeError for an unknown zone or date. */
export namespace calendar {
  function toLocal(at: number, zone: string): Required<LocalTime>;
  function fromLocal(local: LocalTime, zone: string): number;
  function addBusinessDays(at: number, days: number, zone: string): number;
  function isBusinessDay(at: number, zone: string): boolean;
}

/** The kinds the host itself knows. The set is open: ignore those you do not know. */
export const kind: {
  readonly REPLIED: "replied";
  readonly EMAIL_OPENED: "email-opened";
  readonly LINK_CLICKED: "link-clicked";
  readonly PAGE_VISITED: "page-visited";
  readonly RESOURCE_DOWNLOADED: "resource-downloaded";
  readonly FORM_SUBMITTED: "form-submitted";
  readonly UNSUBSCRIBED: "unsubscribed";
  readonly COMPLAINED: "complained";
  readonly OPTED_OUT: "opted-out";
  readonly PAUSED_BY_CONTACT: "paused-by-contact";
  readonly OPTED_IN: "opted-in";
  readonly AUTO_REPLIED: "auto-replied";
  readonly READ_RECEIPT: "read-receipt";
  readonly EMAIL_DELIVERED: "email-delivered";
  readonly EMAIL_DEFERRED: "email-deferred";
  readonly EMAIL_ACCEPTED: "email-accepted";
  readonly EMAIL_DROPPED: "email-dropped";
  readonly SOFT_BOUNCED: "soft-bounced";
  readonly HARD_BOUNCED: "hard-bounced";
  readonly EMAIL_SENT: "email-sent";
  readonly CALL_MADE: "call-made";
  readonly MEETING_BOOKED: "meeting-booked";
  readonly MEETING_RESCHEDULED: "meeting-rescheduled";
  readonly MEETING_CANCELLED: "meeting-cancelled";
  readonly MEETING_HELD: "meeting-held";
  readonly MEETING_NO_SHOW: "meeting-no-show";
  readonly DEAL_CREATED: "deal-created";
  readonly DEAL_STAGE_CHANGED: "deal-stage-changed";
  readonly DEAL_WON: "deal-won";
  readonly DEAL_LOST: "deal-lost";
  readonly CONTACT_CREATED: "contact-created";
  readonly CONTACT_UPDATED: "contact-updated";
  readonly CONTACT_DELETED: "contact-deleted";
  readonly ENROL_ASKED: "enrol-asked";
  readonly ENROLLED: "enrolled";
  readonly TIMER_FIRED: "timer-fired";
};
