"""Named values: a contact's CRM fields, a template's variables.

On the wire a value is one of five classes; here it is a plain Python value, and a moment is a
`Moment`, so that a number never becomes a date by accident. Everywhere else a time is an `int`:
Unix milliseconds, UTC.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from wit_world.imports import types as wire


class Moment(NamedTuple):
    """A moment as an attribute: `email.var("until", Moment(ms))`."""

    ms: int


class Attributes(dict[str, Any]):
    """A dict whose values can be read as CRMs write them."""

    def text(self, name: str) -> str | None:
        """A text that says something: blank ones count as missing."""
        return saying(self.get(name))

    def number(self, name: str) -> float | None:
        """A number, or a text that is one: CRMs send both."""
        value = self.get(name)
        if isinstance(value, bool):
            return None
        if isinstance(value, str):
            try:
                return float(value)
            except ValueError:
                return None
        return float(value) if isinstance(value, (int, float)) else None

    def flag(self, name: str) -> bool | None:
        """A boolean, or a text that is one."""
        value = self.get(name)
        if isinstance(value, str):
            return {"true": True, "false": False}.get(value.strip().lower())
        return value if isinstance(value, bool) else None

    def at(self, name: str) -> int | None:
        """A moment, or an RFC 3339 text."""
        value = self.get(name)
        return value.ms if isinstance(value, Moment) else parse_time(value)


def saying(value: Any) -> str | None:
    """The text without blanks around it; blank ones, and what is no text, count as missing."""
    return (value.strip() or None) if isinstance(value, str) else None


def parse_time(value: Any) -> int | None:
    """Unix milliseconds of an RFC 3339 text; one without a zone names no moment."""
    text = saying(value)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else round(moment.timestamp() * 1000)


def attributes_in(values: Iterable[wire.Attribute]) -> Attributes:
    return Attributes((attribute.name, _value_in(attribute.value)) for attribute in values)


def _value_in(value: wire.Value) -> Any:
    match value:
        case wire.Value_At(ms):
            return Moment(ms)
        case wire.Value_Json(text):
            return json.loads(text)
        case plain:
            return plain.value


def attributes_out(values: dict[str, Any]) -> list[wire.Attribute]:
    return [wire.Attribute(name, _value_out(value)) for name, value in values.items()]


def _value_out(value: Any) -> wire.Value:
    match value:
        case Moment(ms):
            return wire.Value_At(ms)
        case bool():
            return wire.Value_Boolean(value)
        case str():
            return wire.Value_Text(value)
        case int() | float():
            return wire.Value_Number(float(value))
        case _:
            return wire.Value_Json(json.dumps(value))
