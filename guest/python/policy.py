"""SDK for Followup policies in Python.

    PolicyDecide = policy(decide, config=Config, state=State)

makes the component's export of a function `decide(cx, state, event) -> Decision`. A policy is a
pure function of its input; the sandbox has no clock but `cx.now`, no files and no network.
"""

import dataclasses
import json
import random
from collections.abc import Callable
from typing import Any, TypeVar

from wit_world.exports import policy_decide as wire

from . import calendar, kind, log
from .attributes import Attributes, Moment, parse_time
from .context import Account, Contact, Context, Enrollment, Timer
from .decision import Decision, Email, Task
from .error import PluginError, answered
from .event import Event
from .reading import Mistake, read
from .span import span
from .when import When

__all__ = [
    "Account", "Attributes", "Contact", "Context", "Decision", "Email", "Enrollment", "Event", "Moment",
    "PluginError", "Task", "Timer", "When", "calendar", "kind", "log", "migrate", "parse_time", "policy", "span",
]  # fmt: skip

C = TypeVar("C")
S = TypeVar("S")


def policy(decide: Callable[[Context[C], S, Event], Decision], config: type[C], state: type[S]) -> type:
    """The class that the component exports. `config` and `state` are dataclasses; give every field of
    the state a default: the next version of the plugin reads what this one wrote. Changes to the
    state are kept only where `decide` returns."""

    class PolicyDecide:
        @answered
        def decide(self, call: wire.DecideInput) -> wire.Decision:
            # Started when the component was built, it would throw the same in every call.
            random.seed(call.seed)
            remembered = state() if call.state is None else _state_of(state, call.state)
            before = _written(remembered)
            decision = decide(Context(call, _config_of(config, call.config)), remembered, Event(call.event))
            if not isinstance(decision, Decision):
                raise TypeError('decide must return a Decision: `return Decision.because("why")`')
            after = _written(remembered)
            return decision.answer(None if after == before else after)

    return PolicyDecide


def migrate(run: Callable[[Any, str, C], Any], config: type[C]) -> type:
    """`PolicyMigrate = migrate(run, config=Config)`: carries the state of running enrollments over.
    `run(old, from_version, config)` is given the old state as plain JSON and gives the new one."""

    class PolicyMigrate:
        @answered
        def migrate(self, call: Any) -> str:
            return _written(run(json.loads(call.state), call.from_version, _config_of(config, call.config)))

    return PolicyMigrate


def _config_of(kind: type[C], text: str) -> C:
    try:
        return read(kind, json.loads(text))
    except Mistake as mistake:
        raise PluginError.config(mistake.path, mistake.message) from None


def _state_of(kind: type[S], text: str) -> S:
    try:
        return read(kind, json.loads(text))
    except (Mistake, ValueError) as mistake:
        raise PluginError.state(f"the stored state: {mistake}") from None


def _written(state: Any) -> str:
    return json.dumps(dataclasses.asdict(state) if dataclasses.is_dataclass(state) else state)
