// SDK for Followup policies in JavaScript. The types, with their documentation, are in policy.d.ts.

import { Context } from "./context.js";
import { Decision } from "./decision.js";
import { throwFrom } from "./dice.js";
import { PluginError } from "./error.js";
import { Event } from "./event.js";
import { guarded, parse, write } from "./wire.js";

export { Attributes, Moment, parseTime } from "./attributes.js";
export * as calendar from "./calendar.js";
export { Decision, Email, Task } from "./decision.js";
export { PluginError } from "./error.js";
export { kind } from "./event.js";
export { log } from "./log.js";
export { span, When } from "./when.js";

export function policy({ decide, state: fresh = () => ({}) }) {
  return {
    decide: (input) =>
      guarded(() => {
        throwFrom(input.seed);
        const state = stateOf(input.state, fresh);
        const before = write(state, "the state");
        const decision = decide(new Context(input), state, new Event(input.event));
        if (!(decision instanceof Decision)) {
          throw new TypeError("decide must return a Decision: `return Decision.because(\"why\")`");
        }
        const after = write(state, "the state");
        return decision.wire(after === before ? null : after);
      }),
  };
}

export function migrate(run) {
  return {
    migrate: ({ state, fromVersion, config }) =>
      guarded(() => {
        const old = parse(state, (why) => PluginError.state(why));
        return write(run(old, fromVersion, parse(config, (why) => PluginError.config("", why))), "the state");
      }),
  };
}

/** The stored state over a fresh one, so that a field that a new version adds has its first value. */
function stateOf(text, fresh) {
  if (text === null || text === undefined) return fresh();
  return Object.assign(fresh(), parse(text, (why) => PluginError.state(`the stored state is not JSON: ${why}`)));
}
