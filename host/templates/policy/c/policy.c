/* {{name}}: greets a new contact, and asks the rep to call if they download something.
 *
 * sdk/policy/followup.h has the helpers, sdk/policy/fu.h every record of the contract. */
#include "followup.h"

bool fu_decide(const fu_input *input, fu_decision *decision, fu_error *error) {
  (void)error; /* set by `return fu_permanent(error, fu("why"));` and its like */

  /* What it remembers of one person's run is a JSON text: {"greeted":true} from the first decision on. */
  bool greeted = false;
  if (input->state.is_some) fu_json_flag(input->state.val, "greeted", &greeted);

  if (!greeted) {
    fu_string greeting = fu("greeting");
    fu_json_text(input->config, "greeting", &greeting);
    fu_because(decision, fu("greets a new contact"));
    fu_send(decision, greeting);
    fu_timer(decision, "over", fu_after_business_days(5));
    fu_remember(decision, fu("{\"greeted\":true}"));
    return true;
  }
  if (fu_is_timer(input, "over")) {
    fu_because(decision, fu("nothing happened for a week"));
    fu_exit(decision, "completed");
    return true;
  }
  if (fu_event_is(input, "resource-downloaded")) {
    fu_string what = fu("something");
    fu_json_text(input->event.data, "resource", &what);
    fu_because(decision, fu_cat(fu("downloaded "), what));
    fu_task(decision, fu("Call {{ contact.first_name }}"), what, fu_now());
    return true;
  }
  fu_because(decision, fu_cat(input->event.kind, fu(" needs no answer")));
  return true;
}
