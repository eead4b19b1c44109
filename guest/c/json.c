/* Reading and writing JSON, as much of it as configuration, state and event data need.
 *
 * The texts come from the host, which has checked them, so a text that is no JSON simply has no such key.
 */
#include "json.h"

#include <string.h>

typedef struct {
  const uint8_t *at, *end;
} cursor;

static void skip_blanks(cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t')) c->at++;
}

static bool take(cursor *c, uint8_t byte) {
  skip_blanks(c);
  if (c->at == c->end || *c->at != byte) return false;
  c->at++;
  return true;
}

/* From the opening quote to behind the closing one; `inside` is what lies between, still escaped. */
static bool take_string(cursor *c, fu_string *inside) {
  if (!take(c, '"')) return false;
  const uint8_t *start = c->at;
  while (c->at < c->end && *c->at != '"') c->at += *c->at == '\\' && c->end - c->at > 1 ? 2 : 1;
  if (c->at == c->end) return false;
  *inside = (fu_string){(uint8_t *)start, (size_t)(c->at - start)};
  c->at++;
  return true;
}

/* Brackets are counted, not nested calls, so that no depth of the text can exhaust the stack. */
static bool skip_value(cursor *c) {
  size_t depth = 0;
  do {
    skip_blanks(c);
    if (c->at == c->end) return false;
    fu_string ignored;
    if (*c->at == '"') {
      if (!take_string(c, &ignored)) return false;
    } else if (*c->at == '{' || *c->at == '[') {
      depth++, c->at++;
    } else if (*c->at == '}' || *c->at == ']') {
      if (depth == 0) return false;
      depth--, c->at++;
    } else if (*c->at == ',' || *c->at == ':') {
      if (depth == 0) return false;
      c->at++;
    } else {
      while (c->at < c->end && !memchr(",:{}[]\" \n\r\t", *c->at, 11)) c->at++;
    }
  } while (depth > 0);
  return true;
}

bool fu_json_raw(fu_string json, const char *key, fu_string *value) {
  cursor c = {json.ptr, json.ptr + json.len};
  if (!take(&c, '{')) return false;
  do {
    fu_string name;
    if (!take_string(&c, &name) || !take(&c, ':')) return false;
    skip_blanks(&c);
    const uint8_t *start = c.at;
    if (!skip_value(&c)) return false;
    if (fu_is(name, key)) {
      *value = (fu_string){(uint8_t *)start, (size_t)(c.at - start)};
      return true;
    }
  } while (take(&c, ','));
  return false;
}

static int hex(uint8_t byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  byte |= 0x20;
  return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Four hexadecimal figures, or -1. */
static int32_t unit(const uint8_t *at, const uint8_t *end) {
  if (end - at < 4) return -1;
  int32_t code = 0;
  for (int i = 0; i < 4; i++) {
    int digit = hex(at[i]);
    if (digit < 0) return -1;
    code = code << 4 | digit;
  }
  return code;
}

static uint8_t *put_utf8(uint8_t *out, int32_t code) {
  if (code < 0x80) {
    *out++ = (uint8_t)code;
    return out;
  }
  int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
  *out++ = (uint8_t)(lead[more] | code >> (6 * more));
  while (more-- > 0) *out++ = (uint8_t)(0x80 | (code >> (6 * more) & 0x3f));
  return out;
}

/* Behind "\u": one letter, of one unit or of a surrogate pair (RFC 8259 7). Half a pair becomes U+FFFD. */
static const uint8_t *take_letter(const uint8_t *at, const uint8_t *end, uint8_t **out) {
  int32_t code = unit(at, end);
  if (code < 0) return NULL;
  at += 4;
  if (code >= 0xd800 && code < 0xe000) {
    int32_t low = code < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u' ? unit(at + 2, end) : -1;
    bool pair = low >= 0xdc00 && low < 0xe000;
    code = pair ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
    at += pair ? 6 : 0;
  }
  *out = put_utf8(*out, code);
  return at;
}

bool fu_json_text(fu_string json, const char *key, fu_string *value) {
  fu_string raw, inside;
  if (!fu_json_raw(json, key, &raw)) return false;
  cursor c = {raw.ptr, raw.ptr + raw.len};
  if (!take_string(&c, &inside)) return false;
  /* An escape is never shorter than what it stands for. */
  uint8_t *start = fu_room(inside.len + 1), *out = start;
  const uint8_t *at = inside.ptr, *end = inside.ptr + inside.len;
  while (at < end) {
    if (*at != '\\') {
      *out++ = *at++;
      continue;
    }
    static const char names[] = "\"\\/bfnrt", stands_for[] = "\"\\/\b\f\n\r\t";
    const char *found = at[1] ? strchr(names, at[1]) : NULL;
    if (at[1] == 'u') {
      at = take_letter(at + 2, end, &out);
      if (!at) return false;
    } else if (found) {
      *out++ = (uint8_t)stands_for[found - names];
      at += 2;
    } else {
      return false;
    }
  }
  *value = (fu_string){start, (size_t)(out - start)};
  return true;
}

bool fu_json_int(fu_string json, const char *key, int64_t *value) {
  fu_string raw;
  if (!fu_json_raw(json, key, &raw) || raw.len == 0) return false;
  size_t i = raw.ptr[0] == '-' ? 1 : 0;
  /* 18 figures always fit. A fraction or an exponent is no whole number here. */
  if (raw.len == i || raw.len - i > 18) return false;
  int64_t number = 0;
  for (; i < raw.len; i++) {
    if (raw.ptr[i] < '0' || raw.ptr[i] > '9') return false;
    number = number * 10 + (raw.ptr[i] - '0');
  }
  *value = raw.ptr[0] == '-' ? -number : number;
  return true;
}

bool fu_json_flag(fu_string json, const char *key, bool *value) {
  fu_string raw;
  if (!fu_json_raw(json, key, &raw)) return false;
  *value = fu_is(raw, "true");
  return *value || fu_is(raw, "false");
}

fu_string fu_json_quote(fu_string text) {
  static const char figures[] = "0123456789abcdef";
  /* At most six bytes ("\u001f") for one. */
  uint8_t *start = fu_room(text.len * 6 + 2), *out = start;
  *out++ = '"';
  for (size_t i = 0; i < text.len; i++) {
    uint8_t byte = text.ptr[i];
    if (byte == '"' || byte == '\\') *out++ = '\\';
    if (byte >= 0x20) {
      *out++ = byte;
      continue;
    }
    memcpy(out, "\\u00", 4);
    out[4] = (uint8_t)figures[byte >> 4];
    out[5] = (uint8_t)figures[byte & 15];
    out += 6;
  }
  *out++ = '"';
  return (fu_string){start, (size_t)(out - start)};
}
