"""Something that happened to a contact, or a timer of this enrollment that came due."""

import json
from typing import Any

from wit_world.imports import types as wire

from . import kind
from .attributes import attributes_in, parse_time, saying


class Event:
    def __init__(self, event: wire.Event) -> None:
        self.id = event.id
        #: One of `sdk.kind`, or any other name. The set is open: ignore those you do not know.
        self.kind = event.kind
        #: When it happened, by the sender's account, in Unix milliseconds; events arrive in any order.
        self.occurred_at = event.occurred_at
        #: Every key may be missing: senders differ.
        self.data: dict[str, Any] = json.loads(event.data)
        self.extra = attributes_in(event.extra)

    def text(self, key: str) -> str | None:
        """A text of `data` that says something: blank ones count as missing."""
        return saying(self.data.get(key))

    def number(self, key: str) -> float | None:
        value = self.data.get(key)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    def at(self, key: str) -> int | None:
        """A moment of `data` (RFC 3339 text or Unix milliseconds) in Unix milliseconds."""
        value = self.data.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else parse_time(value)

    @property
    def message_id(self) -> str | None:
        """The id of the touch that the event is about."""
        return self.text("message_id")

    @property
    def timer(self) -> str | None:
        """The name of the timer that came due; None where the event is no timer."""
        return self.text("timer") if self.kind == kind.TIMER_FIRED else None

    def is_timer(self, name: str) -> bool:
        return self.timer == name

    @property
    def timer_data(self) -> Any:
        """What the timer was given when it was set."""
        return self.data.get("data")
