// {{name}}: greets a new contact, and asks the rep to call if they download something.

import { Decision, Email, Task, When, kind, policy } from "./sdk/policy.js";

export const policyDecide = policy({
  // What it remembers of one person's run. The next version reads what this one wrote: keep the names.
  state: () => ({ greeted: false }),

  decide(cx, state, event) {
    if (!state.greeted) {
      state.greeted = true;
      return Decision.because("greets a new contact")
        .send(Email.template(cx.config.greeting ?? "greeting"))
        .timer("over", When.afterBusinessDays(5));
    }
    if (event.isTimer("over")) {
      return Decision.because("nothing happened for a week").exit("completed");
    }
    if (event.is(kind.RESOURCE_DOWNLOADED)) {
      const what = event.text("resource") ?? "something";
      return Decision.because(`downloaded ${what}`).task(Task.titled("Call {{ contact.first_name }}").body(what));
    }
    return Decision.because(`${event.kind} needs no answer`);
  },
});
