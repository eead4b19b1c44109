/* {{name}}: turns the webhooks of a form tool into events.
 *
 * sdk/trigger/followup.h has the helpers, sdk/trigger/fu.h every record of the contract. */
#include "followup.h"

bool fu_receive(const fu_context *context, const fu_request *request, fu_outcome *outcome, fu_error *error) {
  /* The body of a webhook, as the form tool's manual gives it. */
  fu_string told = fu_body(request);
  fu_string id, form, email, first_name, wanted;
  if (!fu_json_text(told, "id", &id) || !fu_json_text(told, "form", &form) || !fu_json_text(told, "email", &email)) {
    return fu_permanent(error, fu("the body has no id, form or email"));
  }
  if (!fu_json_text(context->config, "form", &wanted)) {
    return fu_invalid_config(error, fu("/form"), fu("is missing"));
  }
  if (!fu_same(form, wanted)) return true;

  /* A webhook sent twice is one event: the key is made of what it tells, never of the clock. */
  fu_event *event = fu_bring(outcome, id, "form-submitted", context->now);
  fu_from_email(event, email);
  if (fu_json_text(told, "first_name", &first_name)) fu_field(event, "first_name", first_name);
  fu_data(event, fu_cat(fu("{\"form\":"), fu_json_quote(form), fu("}")));
  return true;
}
