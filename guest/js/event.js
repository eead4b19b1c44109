// Something that happened to a contact, or a timer of this enrollment that came due.

import { parseTime, saying } from "./attributes.js";
import { PluginError } from "./error.js";
import { attributesIn, parse } from "./wire.js";

/** The kinds the host itself knows. The set is open: ignore those you do not know. */
export const kind = Object.freeze({
  REPLIED: "replied",
  EMAIL_OPENED: "email-opened",
  LINK_CLICKED: "link-clicked",
  PAGE_VISITED: "page-visited",
  RESOURCE_DOWNLOADED: "resource-downloaded",
  FORM_SUBMITTED: "form-submitted",
  UNSUBSCRIBED: "unsubscribed",
  COMPLAINED: "complained",
  OPTED_OUT: "opted-out",
  PAUSED_BY_CONTACT: "paused-by-contact",
  OPTED_IN: "opted-in",
  AUTO_REPLIED: "auto-replied",
  READ_RECEIPT: "read-receipt",
  EMAIL_DELIVERED: "email-delivered",
  EMAIL_DEFERRED: "email-deferred",
  EMAIL_ACCEPTED: "email-accepted",
  EMAIL_DROPPED: "email-dropped",
  SOFT_BOUNCED: "soft-bounced",
  HARD_BOUNCED: "hard-bounced",
  EMAIL_SENT: "email-sent",
  CALL_MADE: "call-made",
  MEETING_BOOKED: "meeting-booked",
  MEETING_RESCHEDULED: "meeting-rescheduled",
  MEETING_CANCELLED: "meeting-cancelled",
  MEETING_HELD: "meeting-held",
  MEETING_NO_SHOW: "meeting-no-show",
  DEAL_CREATED: "deal-created",
  DEAL_STAGE_CHANGED: "deal-stage-changed",
  DEAL_WON: "deal-won",
  DEAL_LOST: "deal-lost",
  CONTACT_CREATED: "contact-created",
  CONTACT_UPDATED: "contact-updated",
  CONTACT_DELETED: "contact-deleted",
  ENROL_ASKED: "enrol-asked",
  ENROLLED: "enrolled",
  TIMER_FIRED: "timer-fired",
});

export class Event {
  constructor(wire) {
    this.id = wire.id;
    this.kind = wire.kind;
    this.occurredAt = Number(wire.occurredAt);
    this.data = parse(wire.data, (why) => PluginError.permanent(`the data of event ${wire.id}: ${why}`));
    this.extra = attributesIn(wire.extra);
  }

  is(kind) {
    return this.kind === kind;
  }

  /** A text of `data` that says something: blank ones count as missing. */
  text(key) {
    return saying(this.data[key]);
  }

  number(key) {
    const value = this.data[key];
    return typeof value === "number" ? value : undefined;
  }

  /** A moment of `data` (RFC 3339 text or Unix milliseconds) in Unix milliseconds. */
  at(key) {
    const value = this.data[key];
    return Number.isInteger(value) ? value : parseTime(value);
  }

  /** The id of the touch that the event is about. */
  get messageId() {
    return this.text("message_id");
  }

  /** The name of the timer that came due; undefined where the event is no timer. */
  get timer() {
    return this.is(kind.TIMER_FIRED) ? this.text("timer") : undefined;
  }

  isTimer(name) {
    return this.timer === name;
  }

  /** What the timer was given when it was set; null where there is nothing. */
  get timerData() {
    return this.data.data ?? null;
  }
}
