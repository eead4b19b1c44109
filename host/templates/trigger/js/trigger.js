// {{name}}: turns the webhooks of a form tool into events.

import { kind, parseTime, webhook } from "./sdk/trigger.js";

export const triggerWebhook = webhook((cx, request) => {
  // The body of a webhook, as the form tool's manual gives it.
  const told = request.json();
  if (told.form !== cx.config.form) return { events: [] };
  const event = {
    // A webhook sent twice is one event: the key is made of what it tells, never of the clock.
    dedupeKey: told.id,
    kind: kind.FORM_SUBMITTED,
    occurredAt: parseTime(told.submitted_at) ?? cx.now,
    contact: { email: told.email },
    fields: told.first_name ? { first_name: told.first_name } : {},
    data: { form: told.form },
  };
  return { events: [event] };
});
