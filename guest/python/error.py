"""Why a plugin gives no answer. What the host does next is in the constructor's name."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from componentize_py_types import Err
from wit_world.imports import types as wire


class PluginError(Exception):
    """Raise one; any other exception counts as a bug: the call is repeated a few times, then parked."""

    def __init__(self, message: str, error: wire.PluginError) -> None:
        super().__init__(message)
        self.wire = error

    @classmethod
    def config(cls, path: str, message: str) -> "PluginError":
        """The configuration is wrong in a way its schema cannot say: parked until it changes."""
        field = wire.FieldError(path, message)
        return cls(f"{path}: {message}", wire.PluginError_InvalidConfig([field]))

    @classmethod
    def state(cls, message: str) -> "PluginError":
        """The stored state cannot be read: parked until the plugin changes."""
        return cls(message, wire.PluginError_InvalidState(message))

    @classmethod
    def unsupported_event(cls, message: str) -> "PluginError":
        """An event of a kind that plugin.toml lists but the plugin cannot handle: parked."""
        return cls(message, wire.PluginError_UnsupportedEvent(message))

    @classmethod
    def transient(cls, message: str, not_before: int | None = None) -> "PluginError":
        """Passing trouble: called again with the same input, after a backoff or at `not_before` (Unix ms)."""
        return cls(message, wire.PluginError_Transient(wire.Retry(message, not_before)))

    @classmethod
    def permanent(cls, message: str) -> "PluginError":
        """Will fail again with the same input: parked at once."""
        return cls(message, wire.PluginError_Permanent(message))


def answered(call: Callable[..., Any]) -> Callable[..., Any]:
    """A `PluginError` becomes the contract's error. Anything else raised is a bug: its traceback goes
    to stderr, where the host picks up message, file and line, and the call ends there."""

    @wraps(call)
    def run(*args: Any) -> Any:
        try:
            return call(*args)
        except PluginError as error:
            raise Err(error.wire) from None

    return run
