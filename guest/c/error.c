#include "error.h"

bool fu_invalid_config(fu_error *error, fu_string path, fu_string message) {
  fu_field_error_t *field = fu_room(sizeof *field);
  field->path = fu_own(path);
  field->message = fu_own(message);
  error->tag = FU_PLUGIN_ERROR_INVALID_CONFIG;
  error->val.invalid_config.ptr = field;
  error->val.invalid_config.len = 1;
  return false;
}

bool fu_invalid_state(fu_error *error, fu_string message) {
  error->tag = FU_PLUGIN_ERROR_INVALID_STATE;
  error->val.invalid_state = fu_own(message);
  return false;
}

bool fu_transient(fu_error *error, fu_string message) {
  error->tag = FU_PLUGIN_ERROR_TRANSIENT;
  error->val.transient.message = fu_own(message);
  error->val.transient.not_before.is_some = false;
  return false;
}

bool fu_permanent(fu_error *error, fu_string message) {
  error->tag = FU_PLUGIN_ERROR_PERMANENT;
  error->val.permanent = fu_own(message);
  return false;
}
