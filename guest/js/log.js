// Lines for the plugin's log, shown beside the decision: for the author who looks for a mistake. What
// an administrator needs to know belongs into the decision's reason.

import host from "followup:plugin/log@0.1.0";

import { attributesOut } from "./wire.js";

function write(level, message, fields) {
  host.write(level, String(message), attributesOut(Object.entries(fields)));
}

/** `log.info("skipped a step", { step: 3 })` */
export const log = Object.freeze({
  trace: (message, fields = {}) => write("trace", message, fields),
  debug: (message, fields = {}) => write("debug", message, fields),
  info: (message, fields = {}) => write("info", message, fields),
  warn: (message, fields = {}) => write("warn", message, fields),
  error: (message, fields = {}) => write("error", message, fields),
});
