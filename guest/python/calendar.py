"""Time zones and business days, asked of the host: plugins carry no time-zone data.

Pure: the same question has the same answer. Times are Unix milliseconds.
"""

from collections.abc import Callable
from typing import Any

from componentize_py_types import Err
from wit_world.imports import calendar as host

LocalTime = host.LocalTime


def local_time(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> LocalTime:
    """A wall-clock time. Its weekday is told by the host and ignored on the way there."""
    return LocalTime(year, month, day, hour, minute, second, 1)


def to_local(at: int, zone: str) -> LocalTime:
    """The wall-clock time at a moment."""
    return _told(lambda: host.to_local(at, zone))


def from_local(local: LocalTime, zone: str) -> int:
    """A local time that a clock change skips moves forward by the gap; one that happens twice is the earlier."""
    return _told(lambda: host.from_local(local, zone))


def add_business_days(at: int, days: int, zone: str) -> int:
    """The same local time, `days` business days later (earlier, where negative)."""
    return _told(lambda: host.add_business_days(at, days, zone))


def is_business_day(at: int, zone: str) -> bool:
    """Whether the local date of `at` is a working day of the tenant and no holiday."""
    return _told(lambda: host.is_business_day(at, zone))


def _told(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Err as error:
        match error.value:
            case host.CalendarError_UnknownZone(zone):
                raise ValueError(f"{zone!r} is no time zone of the IANA database") from None
            case other:
                raise ValueError(f"no such date: {other.value}") from None
