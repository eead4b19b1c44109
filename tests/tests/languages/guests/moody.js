import { Decision, PluginError, policy } from "./sdk/policy.js";

function misbehave(cx, how) {
  if (how === "refuse") throw PluginError.permanent("will not");
  while (how === "endless");
  const hoard = [];
  while (how === "greedy") hoard.push(new ArrayBuffer(1 << 26));
  if (how === "bug") return cx.here.nothing; // BUG
}

export const policyDecide = policy({
  decide(cx) {
    misbehave(cx, cx.config.greeting);
    const order = Object.keys({ b: 1, a: 2, [Math.random()]: 3 });
    return Decision.because(`at ${Date.now()}: ${Math.random()} ${order.join()}`);
  },
});
