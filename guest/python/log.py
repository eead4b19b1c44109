"""Lines for the plugin's log, shown beside the decision: for the author who looks for a mistake.

What an administrator needs to know belongs into the decision's reason.
"""

from typing import Any

from wit_world.imports import log as host

from .attributes import attributes_out


def debug(message: str, **fields: Any) -> None:
    host.write(host.Level.DEBUG, message, attributes_out(fields))


def info(message: str, **fields: Any) -> None:
    host.write(host.Level.INFO, message, attributes_out(fields))


def warn(message: str, **fields: Any) -> None:
    host.write(host.Level.WARN, message, attributes_out(fields))


def error(message: str, **fields: Any) -> None:
    host.write(host.Level.ERROR, message, attributes_out(fields))
