// Everything a decision may depend on, beside the event and the policy's own state.

import { fromLocal, toLocal } from "./calendar.js";
import { PluginError } from "./error.js";
import { Event } from "./event.js";
import { attributesIn, parse } from "./wire.js";

const WAITING = ["queued", "held", "sending"];

export class Context {
  constructor(wire) {
    this.now = Number(wire.now);
    this.seed = Number(wire.seed);
    this.contact = personIn(wire.contact);
    this.account = wire.account ? personIn(wire.account) : undefined;
    this.enrollment = enrollmentIn(wire.enrollment);
    this.touches = wire.touches.map(touchIn);
    this.history = wire.history.map((event) => new Event(event));
    this.config = parse(wire.config, (why) => PluginError.config("", why));
    this.extra = attributesIn(wire.extra);
  }

  /** Whether this is the enrollment's first decision, with the event that enrolled the contact. */
  get isFirst() {
    return this.enrollment.decisions === 0;
  }

  touch(id) {
    return this.touches.find((touch) => touch.id === id);
  }

  /** The e-mails among the latest touches, newest first: ours and those of reps. */
  emails() {
    return this.touches.filter((touch) => touch.kind === "email");
  }

  /** The e-mails of this enrollment, newest first. */
  ownEmails() {
    const { sequence, enrolledAt } = this.enrollment;
    return this.emails().filter((touch) => touch.sequence === sequence && touch.at >= enrolledAt);
  }

  /** An e-mail of this enrollment that has not left yet. Exiting now would cancel it. */
  waitingEmail() {
    return this.ownEmails().find((touch) => WAITING.includes(touch.status));
  }

  /** The moment on the contact's clock. */
  local(at) {
    return toLocal(at, this.contact.timeZone);
  }

  /** The moment of a time on the contact's clock. */
  moment(local) {
    return fromLocal(local, this.contact.timeZone);
  }
}

/** A contact or an account. */
function personIn(wire) {
  const person = { ...wire, attributes: attributesIn(wire.attributes) };
  return withoutNulls(person);
}

function enrollmentIn(wire) {
  const timer = ({ name, at, data }) => ({
    name,
    at: Number(at),
    data: parse(data, (why) => PluginError.permanent(`the data of timer ${name}: ${why}`)),
  });
  return {
    id: wire.id,
    sequence: wire.sequence,
    enrolledAt: Number(wire.enrolledAt),
    decisions: Number(wire.decisions),
    timers: wire.timers.map(timer),
    extra: attributesIn(wire.extra),
  };
}

function touchIn(wire) {
  return withoutNulls({ ...wire, at: Number(wire.at), extra: attributesIn(wire.extra) });
}

/** What is missing is undefined, not null: so that `??` and optional parameters read the same everywhere. */
function withoutNulls(record) {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null && value !== undefined));
}
