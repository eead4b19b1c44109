/* Text, and lines for the plugin's log. Texts are length and bytes, UTF-8, without a zero at the end. */
#ifndef FOLLOWUP_TEXT
#define FOLLOWUP_TEXT

#include "fu.h"

typedef fu_string_t fu_string;

/* A view on a C string; nothing is copied. */
fu_string fu(const char *text);
bool fu_same(fu_string a, fu_string b);
bool fu_is(fu_string a, const char *text);
/* Joins texts: fu_cat(fu("downloaded "), what). */
#define fu_cat(...) \
  fu_join((const fu_string[]){__VA_ARGS__}, sizeof((const fu_string[]){__VA_ARGS__}) / sizeof(fu_string))
fu_string fu_join(const fu_string *parts, size_t count);
fu_string fu_number(int64_t number);
/* A copy, for a record that the generated code frees. */
fu_string fu_own(fu_string text);
/* Memory, or the end of the call: a guest that is refused memory cannot go on. */
void *fu_room(size_t bytes);

/* One line for you, shown beside the decision: fu_log(FU_LOG_LEVEL_INFO, fu("here")). */
void fu_log(fu_log_level_t level, fu_string message);

#endif
