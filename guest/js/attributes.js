// Named values: a contact's CRM fields, a template's variables.
//
// On the wire a value is {tag, val} with a closed list of tags; here it is a plain JavaScript value, and
// a moment is a Moment, so that a number never becomes a date by accident.

/** A moment as an attribute: `email.var("until", new Moment(ms))`. Everywhere else a time is a plain number. */
export class Moment {
  /** @param {number} ms Unix milliseconds */
  constructor(ms) {
    this.ms = ms;
  }
}

/** Named values in the order they were given; a name occurs once. */
export class Attributes {
  #values = new Map();

  get(name) {
    return this.#values.get(name);
  }

  /** A text that says something: blank ones count as missing. */
  text(name) {
    return saying(this.get(name));
  }

  /** A number, or a text that is one: CRMs send both. */
  number(name) {
    const value = this.get(name);
    const number = typeof value === "string" && saying(value) !== undefined ? Number(value) : value;
    return typeof number === "number" && Number.isFinite(number) ? number : undefined;
  }

  /** A boolean, or a text that is one. */
  flag(name) {
    const value = this.get(name);
    const word = typeof value === "string" ? value.trim().toLowerCase() : value;
    return { true: true, false: false }[String(word)];
  }

  /** A moment, or an RFC 3339 text, in Unix milliseconds. */
  at(name) {
    const value = this.get(name);
    return value instanceof Moment ? value.ms : parseTime(value);
  }

  /** Adds a value, or replaces the one of that name. */
  set(name, value) {
    this.#values.set(name, value);
    return this;
  }

  [Symbol.iterator]() {
    return this.#values[Symbol.iterator]();
  }

  get size() {
    return this.#values.size;
  }
}

/** @returns {string | undefined} the text without blanks around it; blank ones count as missing */
export function saying(value) {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** Unix milliseconds of an RFC 3339 text with its zone; a text without one names no moment. */
export function parseTime(value) {
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (!/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const ms = Date.parse(text.replace(" ", "T").toUpperCase());
  return Number.isNaN(ms) ? undefined : ms;
}
