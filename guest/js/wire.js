// Between the contract's records and the SDK's: the only file that knows the shapes on the wire.
//
// Whole numbers of 64 bits arrive as Number in one engine and as BigInt in another, so every one goes
// through Number() on the way in: milliseconds stay exact for 285,000 years.

import { Attributes, Moment } from "./attributes.js";
import { PluginError } from "./error.js";

export function attributesIn(list) {
  const attributes = new Attributes();
  for (const { name, value } of list) attributes.set(name, valueIn(name, value));
  return attributes;
}

function valueIn(name, { tag, val }) {
  switch (tag) {
    case "at":
      return new Moment(Number(val));
    case "json":
      return parse(val, (why) => PluginError.permanent(`the host's field ${name}: ${why}`));
    default:
      return val;
  }
}

export function attributesOut(attributes) {
  return Array.from(attributes, ([name, value]) => ({ name, value: valueOut(name, value) }));
}

function valueOut(name, value) {
  if (value instanceof Moment) return { tag: "at", val: whole(value.ms, name) };
  switch (typeof value) {
    case "string":
      return { tag: "text", val: value };
    case "number":
      return { tag: "number", val: value };
    case "boolean":
      return { tag: "boolean", val: value };
    default:
      return { tag: "json", val: write(value, name) };
  }
}

/** JSON text to a value; `fail` makes the error of what the parser says. */
export function parse(text, fail) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fail(error.message);
  }
}

/** A value to JSON text. `undefined` is null; what JSON cannot say (a function, a cycle) is an error. */
export function write(value, what) {
  const text = JSON.stringify(value === undefined ? null : value);
  if (text === undefined) throw new TypeError(`${what} cannot be written as JSON`);
  return text;
}

/** A whole number, as times on the wire are. */
export function whole(number, what) {
  if (typeof number !== "number" || !Number.isFinite(number)) {
    throw new TypeError(`${what} must be a time in Unix milliseconds, and is ${String(number)}`);
  }
  return Math.round(number);
}

/** none on the wire */
export function optional(value) {
  return value === undefined ? null : value;
}

/**
 * Runs the author's code. A PluginError becomes the contract's error. Anything else thrown is a bug:
 * its stack goes to stderr, where the host picks up message, file and line, and the call ends there.
 */
export function guarded(run) {
  try {
    return run();
  } catch (error) {
    if (error instanceof PluginError) throw error.wire;
    throw error;
  }
}
