"""SDK for Followup triggers in Python.

    TriggerWebhook = webhook(receive, config=Config)
    TriggerPoll = poll(ask, config=Config)

make the component's exports of functions. Export one of them, or both.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from componentize_py_types import Err
from wit_world.imports import secrets as host
from wit_world.imports import trigger_types as wire

from . import calendar, kind, log
from .attributes import Attributes, Moment, attributes_out, parse_time
from .error import PluginError, answered
from .reading import Mistake, read
from .span import span

__all__ = [
    "Attributes", "Event", "Moment", "Page", "PluginError", "Request", "Response", "TriggerContext",
    "calendar", "kind", "log", "parse_time", "placeholder", "poll", "span", "verify_hmac", "webhook",
]  # fmt: skip

C = TypeVar("C")


@dataclass
class TriggerContext(Generic[C]):
    #: The only clock there is, in Unix milliseconds.
    now: int
    seed: int
    #: The name of the connection.
    connection: str
    config: C


@dataclass
class Event:
    """An event heard from a foreign system. The same `dedupe_key` twice is one event. Name the contact
    by exactly one of `email`, `external` (the foreign system's id) and `token` (from a link of ours)."""

    dedupe_key: str
    kind: str
    occurred_at: int
    email: str | None = None
    external: str | None = None
    token: str | None = None
    #: Fields of the contact that the sender told; they are merged into it.
    fields: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def wire(self) -> wire.TriggerEvent:
        fields, data = attributes_out(self.fields), json.dumps(self.data)
        return wire.TriggerEvent(self.dedupe_key, self.kind, self.occurred_at, self._contact(), fields, data, [])

    def _contact(self) -> wire.ContactRef:
        named = [
            (self.email, wire.ContactRef_Email),
            (self.external, wire.ContactRef_External),
            (self.token, wire.ContactRef_Token),
        ]
        found = [ref(value) for value, ref in named if value is not None]
        if len(found) != 1:
            raise ValueError(f"event {self.dedupe_key!r} needs exactly one of email, external and token")
        return found[0]


class Request:
    def __init__(self, request: Any) -> None:
        self.method: str = request.method
        self.path: str = request.path
        self.query: list[tuple[str, str]] = request.query
        #: Names in lower case.
        self.headers: list[tuple[str, bytes]] = request.headers
        self.body: bytes = request.body

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        found = (value for known, value in self.headers if known == name.lower())
        value = next(found, None)
        return None if value is None else value.decode(errors="replace")

    def param(self, name: str) -> str | None:
        """The first value of a query parameter."""
        return next((value for known, value in self.query if known == name), None)

    def json(self) -> Any:
        """The body as JSON; a body that is none ends the call as a permanent error with the place."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise PluginError.permanent(f"the body is not JSON: {error}") from None


@dataclass
class Response:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | str = b""


@dataclass
class Page:
    events: list[Event] = field(default_factory=list)
    #: Any JSON: stored with the events, and given to the next call. None keeps the last one.
    cursor: Any = None
    #: When to ask again, in Unix milliseconds; None keeps the configured interval.
    next_at: int | None = None


def webhook(
    receive: Callable[[TriggerContext[C], Request], tuple[list[Event], Response | None] | list[Event]],
    config: type[C],
) -> type:
    """The class that the component exports. `receive` gives the events, or `(events, response)`;
    without a response the host answers 202."""
    from wit_world.exports import trigger_webhook as out

    class TriggerWebhook:
        @answered
        def receive(self, context: wire.TriggerContext, request: Any) -> Any:
            given = receive(_context(context, config), Request(request))
            events, response = given if isinstance(given, tuple) else (given, None)
            return out.Outcome([event.wire for event in events], response and _response(out, response), [])

    return TriggerWebhook


def poll(ask: Callable[[TriggerContext[C], Any], Page], config: type[C]) -> type:
    """The class that the component exports. `ask(cx, cursor)` gets what the last call gave, None at first."""
    from wit_world.exports import trigger_poll as out

    class TriggerPoll:
        @answered
        def poll(self, context: wire.TriggerContext, cursor: str | None) -> Any:
            page = ask(_context(context, config), None if cursor is None else json.loads(cursor))
            written = None if page.cursor is None else json.dumps(page.cursor)
            return out.Page([event.wire for event in page.events], written, page.next_at, [])

    return TriggerPoll


def verify_hmac(secret: str, algorithm: str, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is the HMAC (`sha1`, `sha256`, `sha512`) of `message` under the named secret."""
    return _granted(lambda: host.verify_hmac(secret, host.Hmac[algorithm.upper()], message, signature))


def placeholder(secret: str) -> str:
    """A stand-in for the secret, for a header of an outgoing request: the host swaps it on the way."""
    return _granted(lambda: host.placeholder(secret))


def _granted(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Err as error:
        raise PermissionError(error.value) from None


def _context(context: wire.TriggerContext, config: type[C]) -> TriggerContext[C]:
    # Started when the component was built, it would throw the same in every call.
    random.seed(context.seed)
    try:
        read_config = read(config, json.loads(context.config))
    except Mistake as mistake:
        raise PluginError.config(mistake.path, mistake.message) from None
    return TriggerContext(context.now, context.seed, context.connection, read_config)


def _response(out: Any, response: Response) -> Any:
    body = response.body.encode() if isinstance(response.body, str) else response.body
    return out.Response(response.status, list(response.headers.items()), body, [])
