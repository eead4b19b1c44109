/* Configuration, state, event data and request bodies are JSON texts of one object. */
#ifndef FOLLOWUP_JSON
#define FOLLOWUP_JSON

#include "text.h"

/* The value of a key of the object: true if it is there and of that kind. Text is unescaped. */
bool fu_json_text(fu_string json, const char *key, fu_string *value);
bool fu_json_int(fu_string json, const char *key, int64_t *value);
bool fu_json_flag(fu_string json, const char *key, bool *value);
/* The value of a key as JSON text, whatever it is: an object to look into, say. */
bool fu_json_raw(fu_string json, const char *key, fu_string *value);
/* A text as JSON: quoted and escaped. */
fu_string fu_json_quote(fu_string text);

#endif
