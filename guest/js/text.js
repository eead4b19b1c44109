// UTF-8 by hand: the engine has no TextEncoder and no TextDecoder.

/** Text to bytes. Half of a surrogate pair becomes U+FFFD. */
export function toUtf8(text) {
  const escaped = encodeURIComponent(text.toWellFormed());
  const bytes = [];
  for (let i = 0; i < escaped.length; i++) {
    const code = escaped.charCodeAt(i);
    bytes.push(code === 37 ? parseInt(escaped.slice(i + 1, (i += 2) + 1), 16) : code);
  }
  return Uint8Array.from(bytes);
}

/** Bytes to text; bytes that are no UTF-8 become U+FFFD. */
export function fromUtf8(bytes) {
  let text = "";
  let i = 0;
  while (i < bytes.length) {
    const [code, length] = letterAt(bytes, i);
    text += String.fromCodePoint(code);
    i += length;
  }
  return text;
}

/** RFC 3629 3: how many bytes a letter has is told by its first; too long and surrogate forms are refused. */
function letterAt(bytes, i) {
  const first = bytes[i];
  if (first < 0x80) return [first, 1];
  const length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xc2 && first < 0xe0 ? 2 : 0;
  let code = first & (0xff >> (length + 1));
  for (let k = 1; k < length; k++) {
    const next = bytes[i + k];
    if (next === undefined || next >> 6 !== 2) return [0xfffd, k];
    code = (code << 6) | (next & 0x3f);
  }
  const least = [0, 0, 0x80, 0x800, 0x10000][length];
  const valid = length > 0 && code >= least && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
  return valid ? [code, length] : [0xfffd, 1];
}
