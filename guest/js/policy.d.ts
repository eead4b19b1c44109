// SDK for Followup policies. A policy is a pure function of its input: the sandbox has no clock but
// `cx.now`, no network and no files, and the same input must give the same decision.

import type { Attributes, LocalTime, Value } from "./plugin.js";

export { Attributes, Moment, PluginError, calendar, kind, log, parseTime, span } from "./plugin.js";
export type { LocalTime, Value } from "./plugin.js";

/**
 * Makes the component's export: `export const policyDecide = policy({ state, decide })`. `state` makes what
 * a new enrollment remembers; what is stored is laid over it, so that a field a new version adds has its
 * first value. Changes to `state` are kept only where `decide` returns.
 */
export function policy<Config = any, State extends object = any>(parts: {
  state?: () => State;
  decide: (cx: Context<Config>, state: State, event: Event) => Decision;
}): object;

/** `export const policyMigrate = migrate((old, fromVersion, config) => next)`. */
export function migrate<Config = any>(run: (old: any, fromVersion: string, config: Config) => object): object;

export interface Context<Config = any> {
  /** The only clock there is. */
  readonly now: number;
  /** Repeatable randomness; Math.random() is started from it. */
  readonly seed: number;
  readonly contact: {
    id: string;
    /** For reading only (its domain, say): an e-mail always goes to the enrolled contact. */
    email?: string;
    /** IANA zone. Never empty. */
    timeZone: string;
    locale?: string;
    /** The CRM's own fields: `first_name`, `company`, ... */
    attributes: Attributes;
  };
  readonly account?: { id: string; name?: string; attributes: Attributes };
  readonly enrollment: Enrollment;
  /** What reached out to the contact lately, over all sequences, newest first. */
  readonly touches: Touch[];
  /** The contact's latest events before this one, newest first. */
  readonly history: Event[];
  /** The sequence's configuration, valid against the schema in plugin.toml. */
  readonly config: Config;
  readonly extra: Attributes;
  /** Whether this is the enrollment's first decision. */
  readonly isFirst: boolean;
  touch(id: string): Touch | undefined;
  emails(): Touch[];
  /** The e-mails of this enrollment, newest first. */
  ownEmails(): Touch[];
  /** An e-mail of this enrollment that has not left yet. Exiting now would cancel it. */
  waitingEmail(): Touch | undefined;
  /** The moment on the contact's clock. */
  local(at: number): Required<LocalTime>;
  /** The moment of a time on the contact's clock. */
  moment(local: LocalTime): number;
}

export interface Enrollment {
  id: string;
  sequence: string;
  enrolledAt: number;
  /** How many decisions were taken before this one. */
  decisions: number;
  /** Still to ring, soonest first. */
  timers: { name: string; at: number; data: any }[];
  extra: Attributes;
}

export interface Touch {
  id: string;
  kind: string;
  at: number;
  subject?: string;
  template?: string;
  sequence?: string;
  /** `queued`, `held`, `sending`, `sent`, `delivered`, `bounced`, ... May grow. */
  status: string;
  extra: Attributes;
}

export interface Event {
  readonly id: string;
  /** One of `kind`, or any other name. */
  readonly kind: string;
  /** When it happened, by the sender's account; events arrive in any order. */
  readonly occurredAt: number;
  /** Every key may be missing: senders differ. */
  readonly data: { [key: string]: any };
  readonly extra: Attributes;
  is(kind: string): boolean;
  text(key: string): string | undefined;
  number(key: string): number | undefined;
  /** RFC 3339 text or Unix milliseconds. */
  at(key: string): number | undefined;
  /** The id of the touch that the event is about. */
  readonly messageId: string | undefined;
  /** The name of the timer that came due. */
  readonly timer: string | undefined;
  isTimer(name: string): boolean;
  /** What the timer was given when it was set. */
  readonly timerData: any;
}

/** When something should happen; the host resolves it in the contact's time zone. */
export class When {
  private constructor();
  static now(): When;
  static at(ms: number): When;
  static afterMs(ms: number): When;
  static afterMinutes(minutes: number): When;
  static afterHours(hours: number): When;
  /** Days of 24 hours. */
  static afterDays(days: number): When;
  /** `at` is a time of that day, like `"09:30"`. */
  static afterBusinessDays(days: number, at?: string): When;
}

/** An e-mail to the enrolled contact. There is no way to name another recipient. */
export class Email {
  static template(name: string): Email;
  /** Read in the template as `vars.NAME`. */
  var(name: string, value: Value): this;
  /** Continues the thread of a touch. */
  inThread(touchId: string | undefined): this;
  when(when: When): this;
}

export class Task {
  static titled(title: string): Task;
  body(markdown: string): this;
  due(when: When): this;
}

/** Begins with its reason. Actions are carried out in order, all or none. */
export class Decision {
  /** A sentence that an administrator understands. */
  static because(reason: string): Decision;
  send(email: Email): this;
  /** Sets a timer, or replaces the one of that name; `data` comes back as `event.timerData`. */
  timer(name: string, when: When, data?: unknown): this;
  cancelTimer(name: string): this;
  task(task: Task): this;
  /** A note on the contact, Markdown. */
  note(markdown: string): this;
  /** Sets a field of the contact. */
  set(field: string, value: Value): this;
  /** The kind is a dotted name of your own: `acme.lead-warm`. */
  emit(kind: string, data?: object): this;
  /** Ends the enrollment, its timers, and every e-mail that has not left yet. */
  exit(outcome: string): this;
  custom(kind: string, data?: unknown): this;
}
