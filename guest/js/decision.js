// A policy's answer: why, and what to do.

import { Attributes } from "./attributes.js";
import { When } from "./when.js";
import { attributesOut, optional, write } from "./wire.js";

/** The host's limit. A reason often quotes what somebody wrote, so it is shortened and not refused. */
const REASON_MAX_BYTES = 1_000;

/** An e-mail to the enrolled contact. There is no way to name another recipient. */
export class Email {
  #variables = new Attributes();
  #when = When.now();
  #replyTo;

  constructor(template) {
    this.template = template;
  }

  /** From a template of the sequence, or one of the defaults in plugin.toml. */
  static template(name) {
    return new Email(name);
  }

  /** A variable for the template: `{{ vars.name }}`. */
  var(name, value) {
    this.#variables.set(name, value);
    return this;
  }

  /** Continues the thread of a touch: its id, or undefined for a new thread. */
  inThread(touch) {
    this.#replyTo = touch;
    return this;
  }

  when(when) {
    this.#when = when;
    return this;
  }

  get wire() {
    return {
      template: this.template,
      variables: attributesOut(this.#variables),
      when: this.#when.wire,
      replyTo: optional(this.#replyTo),
      extra: [],
    };
  }
}

/** A piece of work for the contact's owner. */
export class Task {
  #body = "";
  #due = When.now();

  constructor(title) {
    this.title = title;
  }

  static titled(title) {
    return new Task(title);
  }

  /** Markdown. */
  body(text) {
    this.#body = text;
    return this;
  }

  due(when) {
    this.#due = when;
    return this;
  }

  get wire() {
    return { title: this.title, body: this.#body, due: this.#due.wire, extra: [] };
  }
}

/** Begins with its reason, because every decision needs one. Actions are carried out in order, all or none. */
export class Decision {
  #reason;
  #actions = [];

  constructor(reason) {
    this.#reason = reason;
  }

  static because(reason) {
    return new Decision(reason);
  }

  send(email) {
    return this.#add("send-email", email.wire);
  }

  /** Sets a timer, or replaces the one of that name. `data` comes back when it rings (`event.timerData`). */
  timer(name, when, data = null) {
    return this.#add("set-timer", { name, when: when.wire, data: write(data, `the data of timer ${name}`) });
  }

  cancelTimer(name) {
    return this.#add("cancel-timer", name);
  }

  task(task) {
    return this.#add("create-task", task.wire);
  }

  /** A note on the contact, Markdown. */
  note(text) {
    return this.#add("add-note", text);
  }

  /** Sets a field of the contact; calls in a row make one action. */
  set(field, value) {
    const fields = attributesOut(new Attributes().set(field, value));
    const last = this.#actions.at(-1);
    if (last?.tag !== "set-properties") return this.#add("set-properties", fields);
    last.val = last.val.filter((known) => known.name !== field).concat(fields);
    return this;
  }

  /** Tells the rest of the system. The kind is a dotted name of your own: `acme.lead-warm`. */
  emit(kind, data = {}) {
    return this.#add("emit-event", { kind, data: write(data, `the data of event ${kind}`) });
  }

  /**
   * Ends the enrollment. That cancels its timers and every e-mail that has not left yet, one of this
   * decision too: wait until `cx.waitingEmail()` is undefined.
   */
  exit(outcome) {
    return this.#add("exit", { outcome });
  }

  /** An action newer than this SDK. */
  custom(kind, data = null) {
    return this.#add("custom", { kind, data: write(data, `the data of action ${kind}`) });
  }

  #add(tag, val) {
    this.#actions.push({ tag, val });
    return this;
  }

  /** The contract's record; `state` is JSON text, or null where it did not change. */
  wire(state) {
    return { actions: this.#actions, state, reason: clip(String(this.#reason)), extra: [] };
  }
}

function clip(reason) {
  let bytes = 0;
  let cut = 0;
  for (const letter of reason) {
    const code = letter.codePointAt(0);
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes <= REASON_MAX_BYTES - 3) cut += letter.length;
  }
  return bytes > REASON_MAX_BYTES ? `${reason.slice(0, cut)}…` : reason;
}
