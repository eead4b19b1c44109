#include "text.h"

#include <stdlib.h>
#include <string.h>

void *fu_room(size_t bytes) {
  void *memory = malloc(bytes ? bytes : 1);
  if (!memory) __builtin_trap();
  return memory;
}

fu_string fu_own(fu_string text) {
  fu_string copy = {fu_room(text.len), text.len};
  memcpy(copy.ptr, text.ptr, text.len);
  return copy;
}

fu_string fu(const char *text) {
  return (fu_string){(uint8_t *)text, strlen(text)};
}

bool fu_same(fu_string a, fu_string b) {
  return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

bool fu_is(fu_string a, const char *text) {
  return fu_same(a, fu(text));
}

fu_string fu_join(const fu_string *parts, size_t count) {
  size_t len = 0;
  for (size_t i = 0; i < count; i++) len += parts[i].len;
  fu_string whole = {fu_room(len), 0};
  for (size_t i = 0; i < count; i++) {
    memcpy(whole.ptr + whole.len, parts[i].ptr, parts[i].len);
    whole.len += parts[i].len;
  }
  return whole;
}

fu_string fu_number(int64_t number) {
  char figures[20];
  size_t at = sizeof figures;
  uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
  do {
    figures[--at] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest);
  if (number < 0) figures[--at] = '-';
  return fu_own((fu_string){(uint8_t *)figures + at, sizeof figures - at});
}

void fu_log(fu_log_level_t level, fu_string message) {
  fu_log_list_attribute_t none = {0};
  fu_log_write(level, &message, &none);
}
