"""A policy's answer: why, and what to do."""

import json
from typing import Any

from wit_world.exports import policy_decide as wire

from .attributes import attributes_out
from .when import When

# The host's limit. A reason often quotes what somebody wrote, so it is shortened and not refused.
_REASON_MAX_BYTES = 1_000


class Email:
    """An e-mail to the enrolled contact. There is no way to name another recipient."""

    def __init__(self, template: str) -> None:
        self._template = template
        self._variables: dict[str, Any] = {}
        self._when = When.now()
        self._reply_to: str | None = None

    @classmethod
    def template(cls, name: str) -> "Email":
        """From a template of the sequence, or one of the defaults in plugin.toml."""
        return cls(name)

    def var(self, name: str, value: Any) -> "Email":
        """A variable for the template: `{{ vars.name }}`."""
        self._variables[name] = value
        return self

    def in_thread(self, touch: str | None) -> "Email":
        """Continues the thread of a touch: its id, or None for a new thread."""
        self._reply_to = touch
        return self

    def when(self, when: When) -> "Email":
        self._when = when
        return self

    @property
    def wire(self) -> wire.SendEmail:
        variables = attributes_out(self._variables)
        return wire.SendEmail(self._template, variables, self._when.wire, self._reply_to, [])


class Task:
    """A piece of work for the contact's owner."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._body = ""
        self._due = When.now()

    @classmethod
    def titled(cls, title: str) -> "Task":
        return cls(title)

    def body(self, text: str) -> "Task":
        """Markdown."""
        self._body = text
        return self

    def due(self, when: When) -> "Task":
        self._due = when
        return self

    @property
    def wire(self) -> wire.CreateTask:
        return wire.CreateTask(self._title, self._body, self._due.wire, [])


class Decision:
    """Begins with its reason, because every decision needs one. Actions are carried out in order, all or none."""

    def __init__(self, reason: str) -> None:
        self._reason = reason
        self._actions: list[wire.Action] = []

    @classmethod
    def because(cls, reason: str) -> "Decision":
        return cls(reason)

    def send(self, email: Email) -> "Decision":
        return self._add(wire.Action_SendEmail(email.wire))

    def timer(self, name: str, when: When, data: Any = None) -> "Decision":
        """Sets a timer, or replaces the one of that name. `data` comes back when it rings (`event.timer_data`)."""
        return self._add(wire.Action_SetTimer(wire.SetTimer(name, when.wire, json.dumps(data))))

    def cancel_timer(self, name: str) -> "Decision":
        return self._add(wire.Action_CancelTimer(name))

    def task(self, task: Task) -> "Decision":
        return self._add(wire.Action_CreateTask(task.wire))

    def note(self, text: str) -> "Decision":
        """A note on the contact, Markdown."""
        return self._add(wire.Action_AddNote(text))

    def set(self, **fields: Any) -> "Decision":
        """Sets fields of the contact: `.set(lead_status="warm")`."""
        return self._add(wire.Action_SetProperties(attributes_out(fields)))

    def emit(self, kind: str, data: dict[str, Any] | None = None) -> "Decision":
        """Tells the rest of the system. The kind is a dotted name of your own: `acme.lead-warm`."""
        return self._add(wire.Action_EmitEvent(wire.EmitEvent(kind, json.dumps(data or {}))))

    def exit(self, outcome: str) -> "Decision":
        """Ends the enrollment. That cancels its timers and every e-mail that has not left yet, one of
        this decision too: wait until `cx.waiting_email()` is None."""
        return self._add(wire.Action_Exit(wire.Exit(outcome)))

    def custom(self, kind: str, data: Any = None) -> "Decision":
        """An action newer than this SDK."""
        return self._add(wire.Action_Custom(wire.CustomAction(kind, json.dumps(data))))

    def _add(self, action: wire.Action) -> "Decision":
        self._actions.append(action)
        return self

    def answer(self, state: str | None) -> wire.Decision:
        """The contract's record; `state` is JSON text, or None where it did not change."""
        return wire.Decision(self._actions, state, _clip(self._reason), [])


def _clip(reason: str) -> str:
    encoded = reason.encode()
    if len(encoded) <= _REASON_MAX_BYTES:
        return reason
    return encoded[: _REASON_MAX_BYTES - 3].decode(errors="ignore") + "…"
