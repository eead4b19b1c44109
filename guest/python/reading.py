"""JSON into the author's own types, with the place of every mistake.

In go a type (a dataclass with defaults, or the plain types and containers of JSON) and a parsed
value; out comes an instance, or a `Mistake` with its JSON pointer: `/steps/2/template`.
"""

import dataclasses
import types
from typing import Any, Union, get_args, get_origin, get_type_hints

_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


class Mistake(Exception):
    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{message}, at {path!r}")
        self.path = path
        self.message = message


def read(kind: Any, value: Any, path: str = "") -> Any:
    """Keys that a dataclass does not know are left out: an older version may have written them."""
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind):
        return _record(kind, value, path)
    origin = get_origin(kind) or kind
    if origin in (Union, types.UnionType):
        return _either(get_args(kind), value, path)
    if origin is list:
        _expect(isinstance(value, list), "a list", path)
        (item,) = get_args(kind) or (Any,)
        return [read(item, part, f"{path}/{index}") for index, part in enumerate(value)]
    if origin is dict:
        _expect(isinstance(value, dict), "an object", path)
        item = (get_args(kind) or (str, Any))[1]
        return {key: read(item, part, f"{path}/{_escaped(key)}") for key, part in value.items()}
    if kind is None or kind is type(None):
        _expect(value is None, "null", path)
        return None
    return _plain(kind, value, path)


def _record(kind: Any, value: Any, path: str) -> Any:
    _expect(isinstance(value, dict), "an object", path)
    hints = get_type_hints(kind)
    known = {}
    for field in dataclasses.fields(kind):
        if field.name in value:
            known[field.name] = read(hints[field.name], value[field.name], f"{path}/{_escaped(field.name)}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise Mistake(path, f"{field.name} is missing")
    return kind(**known)


def _either(kinds: tuple[Any, ...], value: Any, path: str) -> Any:
    """The first that fits; where none does, the mistake of the last one that is not None."""
    mistake = Mistake(path, "fits no type")
    for kind in kinds:
        try:
            return read(kind, value, path)
        except Mistake as error:
            mistake = mistake if kind is type(None) else error
    raise mistake


def _plain(kind: type, value: Any, path: str) -> Any:
    fits = {
        str: isinstance(value, str),
        bool: isinstance(value, bool),
        int: isinstance(value, int) and not isinstance(value, bool),
        float: isinstance(value, (int, float)) and not isinstance(value, bool),
    }
    if kind not in fits:
        raise TypeError(f"{kind!r} cannot be read from JSON: use dataclasses, str, int, float, bool, list and dict")
    _expect(fits[kind], _NAMES[kind], path)
    return kind(value)


def _expect(fits: bool, what: str, path: str) -> None:
    if not fits:
        raise Mistake(path, f"must be {what}")


def _escaped(key: str) -> str:
    """RFC 6901 3: "~" is written "~0" and "/" is written "~1"."""
    return key.replace("~", "~0").replace("/", "~1")
