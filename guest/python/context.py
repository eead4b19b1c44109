"""Everything a decision may depend on, beside the event and the policy's own state."""

import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from wit_world.exports import policy_decide as wire
from wit_world.imports import types

from . import calendar
from .attributes import Attributes, attributes_in
from .event import Event

C = TypeVar("C")

_WAITING = ("queued", "held", "sending")


@dataclass
class Contact:
    id: str
    #: For reading only (its domain, say): an e-mail always goes to the enrolled contact.
    email: str | None
    #: IANA zone. Never empty.
    time_zone: str
    locale: str | None
    #: The CRM's own fields: `first_name`, `company`, ...
    attributes: Attributes


@dataclass
class Account:
    id: str
    name: str | None
    attributes: Attributes


@dataclass
class Timer:
    name: str
    at: int
    data: Any


@dataclass
class Enrollment:
    id: str
    #: The sequence's name.
    sequence: str
    enrolled_at: int
    #: How many decisions were taken before this one; 0 for the event that enrolled the contact.
    decisions: int
    #: Still to ring, soonest first.
    timers: list[Timer]


class Context(Generic[C]):
    def __init__(self, call: wire.DecideInput, config: C) -> None:
        #: The only clock there is, in Unix milliseconds.
        self.now = call.now
        #: Repeatable randomness: differs from decision to decision, the same when one is repeated.
        self.seed = call.seed
        self.contact = _contact(call.contact)
        self.account = _account(call.account)
        self.enrollment = _enrollment(call.enrollment)
        #: What reached out to the contact lately, over all sequences, newest first.
        self.touches: list[wire.Touch] = call.touches
        #: The contact's latest events before this one, newest first.
        self.history = [Event(event) for event in call.history]
        self.config = config
        self.extra = attributes_in(call.extra)

    @property
    def is_first(self) -> bool:
        """Whether this is the enrollment's first decision, with the event that enrolled the contact."""
        return self.enrollment.decisions == 0

    def touch(self, id: str) -> wire.Touch | None:
        return next((touch for touch in self.touches if touch.id == id), None)

    def emails(self) -> list[wire.Touch]:
        """The e-mails among the latest touches, newest first: ours and those of reps."""
        return [touch for touch in self.touches if touch.kind == "email"]

    def own_emails(self) -> list[wire.Touch]:
        """The e-mails of this enrollment, newest first."""
        run = self.enrollment
        return [t for t in self.emails() if t.sequence == run.sequence and t.at >= run.enrolled_at]

    def waiting_email(self) -> wire.Touch | None:
        """An e-mail of this enrollment that has not left yet. Exiting now would cancel it."""
        return next((touch for touch in self.own_emails() if touch.status in _WAITING), None)

    def local(self, at: int) -> calendar.LocalTime:
        """The moment on the contact's clock."""
        return calendar.to_local(at, self.contact.time_zone)

    def moment(self, local: calendar.LocalTime) -> int:
        """The moment of a time on the contact's clock."""
        return calendar.from_local(local, self.contact.time_zone)


def _contact(contact: types.Contact) -> Contact:
    attributes = attributes_in(contact.attributes)
    return Contact(contact.id, contact.email, contact.time_zone, contact.locale, attributes)


def _account(account: types.Account | None) -> Account | None:
    return account and Account(account.id, account.name, attributes_in(account.attributes))


def _enrollment(run: wire.Enrollment) -> Enrollment:
    timers = [Timer(timer.name, timer.at, json.loads(timer.data)) for timer in run.timers]
    return Enrollment(run.id, run.sequence, run.enrolled_at, run.decisions, timers)
