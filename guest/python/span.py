"""Lengths of time as configurations write them."""

import re

_MINUTE = 60_000

#: In milliseconds.
UNITS = {"m": _MINUTE, "h": 60 * _MINUTE, "d": 24 * 60 * _MINUTE}


def span(text: str) -> int:
    """`30m`, `12h` or `3d` of a configuration, in milliseconds."""
    found = re.fullmatch(r"(\d{1,4})([mhd])", text)
    if not found:
        raise ValueError(f"{text!r} is no length of time: write it like 30m, 12h or 3d")
    return int(found[1]) * UNITS[found[2]]
