/* Why there is no answer: `return fu_permanent(error, fu("why"));`. What the host does next is in the name. */
#ifndef FOLLOWUP_ERROR
#define FOLLOWUP_ERROR

#include "text.h"

typedef fu_plugin_error_t fu_error;

/* Parked until the configuration changes. The path is a JSON pointer: /steps/2/template. */
bool fu_invalid_config(fu_error *error, fu_string path, fu_string message);
/* Parked until the plugin changes. */
bool fu_invalid_state(fu_error *error, fu_string message);
/* Asked again with the same input, after a backoff. */
bool fu_transient(fu_error *error, fu_string message);
/* Parked at once. */
bool fu_permanent(fu_error *error, fu_string message);

#endif
