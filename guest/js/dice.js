// Math.random() as the contract wants it: the same for the same input, another from call to call.
//
// The engine's own generator was started when the component was built, so it would throw the same numbers
// in every call of every contact.

const WORD = 2 ** 32;

/** Starts Math.random() from the call's seed (mulberry32, public domain). */
export function throwFrom(seed) {
  let state = (Number(seed) % WORD) ^ (Number(seed) / WORD);
  Math.random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / WORD;
  };
}
