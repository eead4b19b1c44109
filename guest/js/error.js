// Why a plugin gives no answer. What the host does next is in the constructor's name.

import { saying } from "./attributes.js";

/** Throw one; any other exception counts as a bug: the call is repeated a few times, then parked. */
export class PluginError extends Error {
  constructor(message, wire) {
    super(message);
    this.name = "PluginError";
    this.wire = wire;
  }

  /** The configuration is wrong in a way its schema cannot say: parked until it changes. */
  static config(path, message) {
    return new PluginError(`${path}: ${message}`, { tag: "invalid-config", val: [{ path, message }] });
  }

  /** The stored state cannot be read: parked until the plugin changes. */
  static state(message) {
    return new PluginError(message, { tag: "invalid-state", val: message });
  }

  /** An event of a kind that plugin.toml lists but the plugin cannot handle: parked. */
  static unsupportedEvent(message) {
    return new PluginError(message, { tag: "unsupported-event", val: message });
  }

  /** Passing trouble: called again with the same input, after a backoff or at `notBefore` (Unix ms). */
  static transient(message, notBefore) {
    const val = { message, notBefore: notBefore === undefined ? null : Math.round(notBefore) };
    return new PluginError(message, { tag: "transient", val });
  }

  /** Will fail again with the same input: parked at once. */
  static permanent(message) {
    const text = saying(message) ?? "failed without a word";
    return new PluginError(text, { tag: "permanent", val: text });
  }
}
