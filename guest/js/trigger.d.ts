// SDK for Followup triggers: foreign systems in, events out.

import type { Attributes, Value } from "./plugin.js";

export { Attributes, Moment, PluginError, calendar, kind, log, parseTime, span } from "./plugin.js";
export type { LocalTime, Value } from "./plugin.js";

/** `export const triggerWebhook = webhook((cx, request) => ({ events }))`. Without a response the host answers 202. */
export function webhook<Config = any>(
  receive: (cx: TriggerContext<Config>, request: Request) => { events?: TriggerEvent[]; response?: Response } | void,
): object;

/** `export const triggerPoll = poll((cx, cursor) => ({ events, cursor }))`. `cursor` is what the last call gave. */
export function poll<Config = any, Cursor = any>(
  ask: (cx: TriggerContext<Config>, cursor: Cursor | undefined) => Page<Cursor> | void,
): object;

export interface TriggerContext<Config = any> {
  /** The only clock there is. */
  readonly now: number;
  readonly seed: number;
  /** The name of the connection. */
  readonly connection: string;
  readonly config: Config;
}

/** An event heard from a foreign system. The same `dedupeKey` twice is one event. */
export interface TriggerEvent {
  dedupeKey: string;
  kind: string;
  occurredAt: number;
  /** `external` is the foreign system's id, `token` what the host wrote behind a link of a mail. */
  contact: { email: string } | { external: string } | { token: string };
  /** Fields of the contact that the sender told. */
  fields?: { [name: string]: Value } | Attributes;
  data?: object;
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: [string, string][];
  /** Names in lower case. */
  readonly headers: [string, Uint8Array][];
  readonly body: Uint8Array;
  header(name: string): string | undefined;
  param(name: string): string | undefined;
  text(): string;
  json(): any;
}

export interface Response {
  status?: number;
  headers?: { [name: string]: string };
  body?: string | Uint8Array;
}

export interface Page<Cursor = any> {
  events?: TriggerEvent[];
  /** Stored with the events. */
  cursor?: Cursor;
  /** When to ask again; without it, at the configured interval. */
  nextAt?: number;
}

/** Secrets are named, never seen. */
export const secrets: {
  verifyHmac(
    secret: string,
    algorithm: "sha1" | "sha256" | "sha512",
    message: string | Uint8Array,
    signature: Uint8Array,
  ): boolean;
  /** A stand-in for a header of an outgoing request. */
  placeholder(secret: string): string;
};

export function toUtf8(text: string): Uint8Array;
export function fromUtf8(bytes: Uint8Array): string;
