/* The helpers of followup.h over the generated bindings. Records own their texts, because the generated code
 * frees them. */
#include "followup.h"

#include <string.h>

/* ---- what came ---- */

fu_string fu_body(const fu_request *request) {
  return (fu_string){request->body.ptr, request->body.len};
}

bool fu_header(const fu_request *request, const char *name, fu_string *value) {
  for (size_t i = 0; i < request->headers.len; i++) {
    fu_tuple2_string_list_u8_t *header = &request->headers.ptr[i];
    if (fu_is(header->f0, name)) {
      *value = (fu_string){header->f1.ptr, header->f1.len};
      return true;
    }
  }
  return false;
}

bool fu_param(const fu_request *request, const char *name, fu_string *value) {
  for (size_t i = 0; i < request->query.len; i++) {
    if (fu_is(request->query.ptr[i].f0, name)) {
      *value = request->query.ptr[i].f1;
      return true;
    }
  }
  return false;
}

/* ---- the events it becomes ---- */

fu_event *fu_bring(fu_outcome *outcome, fu_string dedupe_key, const char *kind, int64_t occurred_at) {
  if (!outcome->events.ptr) outcome->events.ptr = fu_room(FU_EVENTS_MAX * sizeof(fu_event));
  if (outcome->events.len == FU_EVENTS_MAX) __builtin_trap();
  fu_event *event = &outcome->events.ptr[outcome->events.len++];
  memset(event, 0, sizeof *event);
  event->dedupe_key = fu_own(dedupe_key);
  event->kind = fu_own(fu(kind));
  event->occurred_at = occurred_at;
  event->data = fu_own(fu("{}"));
  return event;
}

void fu_from_email(fu_event *event, fu_string email) {
  event->contact.tag = FU_TRIGGER_CONTACT_REF_EMAIL;
  event->contact.val.email = fu_own(email);
}

void fu_from_external(fu_event *event, fu_string id) {
  event->contact.tag = FU_TRIGGER_CONTACT_REF_EXTERNAL;
  event->contact.val.external = fu_own(id);
}

void fu_from_token(fu_event *event, fu_string token) {
  event->contact.tag = FU_TRIGGER_CONTACT_REF_TOKEN;
  event->contact.val.token = fu_own(token);
}

void fu_field(fu_event *event, const char *name, fu_string value) {
  fu_attribute_t *grown = fu_room((event->fields.len + 1) * sizeof *grown);
  if (event->fields.len) memcpy(grown, event->fields.ptr, event->fields.len * sizeof *grown);
  fu_attribute_t *one = &grown[event->fields.len++];
  one->name = fu_own(fu(name));
  one->value.tag = FU_VALUE_TEXT;
  one->value.val.text = fu_own(value);
  event->fields.ptr = grown;
}

void fu_data(fu_event *event, fu_string json) {
  event->data = fu_own(json);
}

/* ---- the answer ---- */

void fu_respond(fu_outcome *outcome, uint16_t status, fu_string body) {
  fu_string bytes = fu_own(body);
  outcome->response.is_some = true;
  memset(&outcome->response.val, 0, sizeof outcome->response.val);
  outcome->response.val.status = status;
  outcome->response.val.body.ptr = bytes.ptr;
  outcome->response.val.body.len = bytes.len;
}

/* ---- the contract's function ---- */

bool exports_fu_webhook_receive(fu_context *context, fu_request *request, fu_outcome *outcome, fu_error *error) {
  memset(outcome, 0, sizeof *outcome);
  memset(error, 0, sizeof *error);
  return fu_receive(context, request, outcome, error);
}

/* The generated code wants an object file with the contract's types to be linked. `followup plugin build`
 * puts the types in by itself, so there is nothing to link. */
void __component_type_object_force_link_fu(void) {}
