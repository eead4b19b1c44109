/* Followup policies in C: short names over the generated fu.h, and helpers for the usual.
 *
 * Write one function, fu_decide, and build it with `followup plugin build`. Every call runs in an instance
 * of its own that is thrown away afterwards, so nothing needs to be freed. The helpers copy what they are
 * given into the decision. stdio is deliberately unused: printf would drag in files that a sandbox lacks.
 */
#ifndef FOLLOWUP_H
#define FOLLOWUP_H

#include "error.h"
#include "json.h"
#include "text.h"

typedef exports_fu_policy_decide_input_t fu_input;
typedef exports_fu_policy_decision_t fu_decision;
typedef exports_fu_policy_send_email_t fu_email;
typedef exports_fu_policy_touch_t fu_touch;
typedef exports_fu_policy_when_t fu_when;
typedef fu_event_t fu_event;
typedef fu_list_attribute_t fu_attributes;

/* Yours: decides what follows an event. True: `decision` says what and why. False: `error` says why not,
 * as the helpers below under "no answer" set it. The same input must give the same decision. */
bool fu_decide(const fu_input *input, fu_decision *decision, fu_error *error);

/* ---- what came ---- */

bool fu_event_is(const fu_input *input, const char *kind);
/* Whether this timer came due. */
bool fu_is_timer(const fu_input *input, const char *name);
/* A text among the contact's or the account's fields. */
bool fu_attribute(const fu_attributes *attributes, const char *name, fu_string *value);
/* An e-mail of this enrollment that has not left yet, or NULL. Exiting now would cancel it. */
const fu_touch *fu_waiting_email(const fu_input *input);

/* ---- when ---- */

fu_when fu_now(void);
fu_when fu_at(int64_t unix_ms);
fu_when fu_after_ms(uint64_t ms);
fu_when fu_after_business_days(uint32_t days);
/* At a time of that business day. */
fu_when fu_after_business_days_at(uint32_t days, uint8_t hour, uint8_t minute);

/* ---- what should follow: carried out in order, all or none ---- */

/* The host's default for one decision; a further action ends the call. */
#define FU_ACTIONS_MAX 32

/* First of all: a sentence that an administrator understands. */
void fu_because(fu_decision *decision, fu_string reason);
/* What the enrollment remembers from now on: JSON text. Without it the state stays as it was. */
void fu_remember(fu_decision *decision, fu_string state);
/* Writes to the enrolled contact. The e-mail is yours to refine (fu_var, fu_in_thread, ->when). */
fu_email *fu_send(fu_decision *decision, fu_string template);
void fu_var(fu_email *email, const char *name, fu_string value);
void fu_in_thread(fu_email *email, const fu_touch *touch);
/* Sets a timer, or replaces the one of that name. */
void fu_timer(fu_decision *decision, const char *name, fu_when when);
/* The same, with JSON that comes back when it rings, as `data` of the event's data. */
void fu_timer_with(fu_decision *decision, const char *name, fu_when when, fu_string data);
void fu_cancel_timer(fu_decision *decision, const char *name);
void fu_task(fu_decision *decision, fu_string title, fu_string body, fu_when due);
/* A note on the contact, Markdown. */
void fu_note(fu_decision *decision, fu_string text);
/* Sets a field of the contact. */
void fu_set(fu_decision *decision, const char *field, fu_string value);
/* Tells the rest of the system; the kind is a dotted name of your own, the data a JSON object. */
void fu_emit(fu_decision *decision, const char *kind, fu_string data);
/* Ends the enrollment, its timers, and every e-mail that has not left yet. */
void fu_exit(fu_decision *decision, const char *outcome);

#endif
