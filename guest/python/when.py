"""When something should happen: said in words, resolved by the host in the contact's time zone."""

import re

from wit_world.exports import policy_decide as wire

from .span import UNITS


class When:
    def __init__(self, when: wire.When) -> None:
        self.wire = when

    @staticmethod
    def now() -> "When":
        """As soon as the guardrails allow."""
        return When(wire.When_Now())

    @staticmethod
    def at(ms: int) -> "When":
        """A moment in Unix milliseconds."""
        return When(wire.When_At(ms))

    @staticmethod
    def after_ms(ms: int) -> "When":
        return When(wire.When_After(max(0, ms)))

    @staticmethod
    def after_minutes(minutes: int) -> "When":
        return When.after_ms(minutes * UNITS["m"])

    @staticmethod
    def after_hours(hours: int) -> "When":
        return When.after_ms(hours * UNITS["h"])

    @staticmethod
    def after_days(days: int) -> "When":
        """Days of 24 hours."""
        return When.after_ms(days * UNITS["d"])

    @staticmethod
    def after_business_days(days: int, at: str | None = None) -> "When":
        """Counted with the tenant's calendar; 0 is today, or the next business day if today is none.
        `at` is a time of that day, like "09:30"; without it, the current one."""
        time = None if at is None else _time_of_day(at)
        return When(wire.When_AfterBusinessDays(wire.BusinessDays(days, time)))


def _time_of_day(text: str) -> wire.TimeOfDay:
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", text)
    if not found:
        raise ValueError(f"{text!r} is no time of day: write it like 09:30")
    return wire.TimeOfDay(int(found[1]), int(found[2]))
