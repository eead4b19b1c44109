// SDK for Followup triggers in JavaScript. The types, with their documentation, are in trigger.d.ts.

import secretsHost from "followup:plugin/secrets@0.1.0";

import { Attributes } from "./attributes.js";
import { throwFrom } from "./dice.js";
import { PluginError } from "./error.js";
import { fromUtf8, toUtf8 } from "./text.js";
import { attributesOut, guarded, optional, parse, whole, write } from "./wire.js";

export { Attributes, Moment, parseTime } from "./attributes.js";
export * as calendar from "./calendar.js";
export { PluginError } from "./error.js";
export { kind } from "./event.js";
export { log } from "./log.js";
export { span } from "./when.js";
export { fromUtf8, toUtf8 } from "./text.js";

export function webhook(receive) {
  return {
    receive: (context, request) =>
      guarded(() => {
        const { events = [], response } = receive(new TriggerContext(context), new Request(request)) ?? {};
        return { events: events.map(eventOut), response: responseOut(response), extra: [] };
      }),
  };
}

export function poll(ask) {
  return {
    poll: (context, cursor) =>
      guarded(() => {
        const last = cursor === null || cursor === undefined ? undefined : parse(cursor, PluginError.state);
        const page = ask(new TriggerContext(context), last) ?? {};
        return {
          events: (page.events ?? []).map(eventOut),
          cursor: page.cursor === undefined ? null : write(page.cursor, "the cursor"),
          nextAt: page.nextAt === undefined ? null : whole(page.nextAt, "nextAt"),
          extra: [],
        };
      }),
  };
}

class TriggerContext {
  constructor(wire) {
    throwFrom(wire.seed);
    this.now = Number(wire.now);
    this.seed = Number(wire.seed);
    this.connection = wire.connection;
    this.config = parse(wire.config, (why) => PluginError.config("", why));
  }
}

class Request {
  constructor(wire) {
    this.method = wire.method;
    this.path = wire.path;
    this.query = wire.query;
    this.headers = wire.headers;
    this.body = Uint8Array.from(wire.body);
  }

  /** The first value of a header, as text; undefined where there is none. */
  header(name) {
    const found = this.headers.find(([known]) => known === name.toLowerCase());
    return found && fromUtf8(Uint8Array.from(found[1]));
  }

  /** The first value of a query parameter. */
  param(name) {
    return this.query.find(([known]) => known === name)?.[1];
  }

  text() {
    return fromUtf8(this.body);
  }

  /** The body as JSON; a body that is none ends the call as a permanent error with the place. */
  json() {
    return parse(this.text(), (why) => PluginError.permanent(`the body is not JSON: ${why}`));
  }
}

/** Secrets are named, never seen. */
export const secrets = Object.freeze({
  /** Whether `signature` (bytes) is the HMAC of `message` under the named secret. */
  verifyHmac: (secret, algorithm, message, signature) =>
    secretsHost.verifyHmac(secret, algorithm, bytes(message), bytes(signature)),
  /** A stand-in for the secret, for a header of an outgoing request. */
  placeholder: (secret) => secretsHost.placeholder(secret),
});

function eventOut({ dedupeKey, kind, occurredAt, contact, fields = {}, data = {} }) {
  const pairs = fields instanceof Attributes ? fields : Object.entries(fields);
  return {
    dedupeKey: String(dedupeKey),
    kind,
    occurredAt: whole(occurredAt, "occurredAt"),
    contact: contactOut(contact),
    fields: attributesOut(pairs),
    data: write(data, `the data of event ${dedupeKey}`),
    extra: [],
  };
}

/** {email}, {external} or {token} */
function contactOut(contact) {
  for (const tag of ["email", "external", "token"]) {
    if (typeof contact?.[tag] === "string") return { tag, val: contact[tag] };
  }
  throw new TypeError("an event's contact is {email: ..}, {external: ..} or {token: ..}");
}

function responseOut(response) {
  if (response === undefined) return null;
  const { status = 200, headers = {}, body = "" } = response;
  return optional({ status, headers: Object.entries(headers), body: bytes(body), extra: [] });
}

function bytes(value) {
  return typeof value === "string" ? toUtf8(value) : value;
}
