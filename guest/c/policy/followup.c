/* The helpers of followup.h over the generated bindings. Records own their texts, because the generated code frees them. */
#include "followup.h"

#include <string.h>

typedef exports_fu_policy_action_t action;

/* ---- what came ---- */

bool fu_event_is(const fu_input *input, const char *kind) {
  return fu_is(input->event.kind, kind);
}

bool fu_is_timer(const fu_input *input, const char *name) {
  fu_string timer;
  return fu_event_is(input, "timer-fired") && fu_json_text(input->event.data, "timer", &timer) && fu_is(timer, name);
}

bool fu_attribute(const fu_attributes *attributes, const char *name, fu_string *value) {
  for (size_t i = 0; i < attributes->len; i++) {
    const fu_attribute_t *one = &attributes->ptr[i];
    if (fu_is(one->name, name) && one->value.tag == FU_VALUE_TEXT) {
      *value = one->value.val.text;
      return true;
    }
  }
  return false;
}

const fu_touch *fu_waiting_email(const fu_input *input) {
  for (size_t i = 0; i < input->touches.len; i++) {
    const fu_touch *touch = &input->touches.ptr[i];
    bool own_run = touch->sequence.is_some && fu_same(touch->sequence.val, input->enrollment.sequence) &&
                   touch->at >= input->enrollment.enrolled_at;
    bool waits = fu_is(touch->status, "queued") || fu_is(touch->status, "held") || fu_is(touch->status, "sending");
    if (fu_is(touch->kind, "email") && own_run && waits) return touch;
  }
  return NULL;
}

/* ---- when ---- */

fu_when fu_now(void) {
  return (fu_when){.tag = EXPORTS_FU_POLICY_WHEN_NOW};
}

fu_when fu_at(int64_t unix_ms) {
  return (fu_when){.tag = EXPORTS_FU_POLICY_WHEN_AT, .val.at = unix_ms};
}

fu_when fu_after_ms(uint64_t ms) {
  return (fu_when){.tag = EXPORTS_FU_POLICY_WHEN_AFTER, .val.after = ms};
}

fu_when fu_after_business_days(uint32_t days) {
  fu_when when = {.tag = EXPORTS_FU_POLICY_WHEN_AFTER_BUSINESS_DAYS};
  when.val.after_business_days.days = days;
  return when;
}

fu_when fu_after_business_days_at(uint32_t days, uint8_t hour, uint8_t minute) {
  fu_when when = fu_after_business_days(days);
  when.val.after_business_days.at.is_some = true;
  when.val.after_business_days.at.val.hour = hour;
  when.val.after_business_days.at.val.minute = minute;
  return when;
}

/* ---- what should follow ---- */

void fu_because(fu_decision *decision, fu_string reason) {
  decision->reason = fu_own(reason);
}

void fu_remember(fu_decision *decision, fu_string state) {
  decision->state.is_some = true;
  decision->state.val = fu_own(state);
}

static action *next(fu_decision *decision, uint8_t tag) {
  if (!decision->actions.ptr) decision->actions.ptr = fu_room(FU_ACTIONS_MAX * sizeof(action));
  if (decision->actions.len == FU_ACTIONS_MAX) __builtin_trap();
  action *one = &decision->actions.ptr[decision->actions.len++];
  memset(one, 0, sizeof *one);
  one->tag = tag;
  return one;
}

static void add_text(fu_attributes *attributes, const char *name, fu_string value) {
  fu_attribute_t *grown = fu_room((attributes->len + 1) * sizeof *grown);
  if (attributes->len) memcpy(grown, attributes->ptr, attributes->len * sizeof *grown);
  fu_attribute_t *one = &grown[attributes->len++];
  one->name = fu_own(fu(name));
  one->value.tag = FU_VALUE_TEXT;
  one->value.val.text = fu_own(value);
  attributes->ptr = grown;
}

fu_email *fu_send(fu_decision *decision, fu_string template) {
  fu_email *email = &next(decision, EXPORTS_FU_POLICY_ACTION_SEND_EMAIL)->val.send_email;
  email->template_ = fu_own(template);
  email->when = fu_now();
  return email;
}

void fu_var(fu_email *email, const char *name, fu_string value) {
  add_text((fu_attributes *)&email->variables, name, value);
}

void fu_in_thread(fu_email *email, const fu_touch *touch) {
  email->reply_to.is_some = touch != NULL;
  if (touch) email->reply_to.val = fu_own(touch->id);
}

void fu_timer(fu_decision *decision, const char *name, fu_when when) {
  fu_timer_with(decision, name, when, fu("null"));
}

void fu_timer_with(fu_decision *decision, const char *name, fu_when when, fu_string data) {
  action *one = next(decision, EXPORTS_FU_POLICY_ACTION_SET_TIMER);
  one->val.set_timer.name = fu_own(fu(name));
  one->val.set_timer.when = when;
  one->val.set_timer.data = fu_own(data);
}

void fu_cancel_timer(fu_decision *decision, const char *name) {
  next(decision, EXPORTS_FU_POLICY_ACTION_CANCEL_TIMER)->val.cancel_timer = fu_own(fu(name));
}

void fu_task(fu_decision *decision, fu_string title, fu_string body, fu_when due) {
  action *one = next(decision, EXPORTS_FU_POLICY_ACTION_CREATE_TASK);
  one->val.create_task.title = fu_own(title);
  one->val.create_task.body = fu_own(body);
  one->val.create_task.due = due;
}

void fu_note(fu_decision *decision, fu_string text) {
  next(decision, EXPORTS_FU_POLICY_ACTION_ADD_NOTE)->val.add_note = fu_own(text);
}

void fu_set(fu_decision *decision, const char *field, fu_string value) {
  action *one = next(decision, EXPORTS_FU_POLICY_ACTION_SET_PROPERTIES);
  add_text((fu_attributes *)&one->val.set_properties, field, value);
}

void fu_emit(fu_decision *decision, const char *kind, fu_string data) {
  action *one = next(decision, EXPORTS_FU_POLICY_ACTION_EMIT_EVENT);
  one->val.emit_event.kind = fu_own(fu(kind));
  one->val.emit_event.data = fu_own(data);
}

void fu_exit(fu_decision *decision, const char *outcome) {
  next(decision, EXPORTS_FU_POLICY_ACTION_EXIT)->val.exit.outcome = fu_own(fu(outcome));
}

/* ---- the contract's function ---- */

bool exports_fu_policy_decide(fu_input *input, fu_decision *decision, fu_error *error) {
  memset(decision, 0, sizeof *decision);
  memset(error, 0, sizeof *error);
  return fu_decide(input, decision, error);
}

/* The generated code wants an object file with the contract's types to be linked. `followup plugin build`
 * puts the types in by itself, so there is nothing to link. */
void __component_type_object_force_link_fu(void) {}
