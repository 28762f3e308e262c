"""Whether a value fits a JSON Schema, yes or no, some ten times as fast as jsonschema, which says what is wrong.

A schema becomes functions once. Only the keywords that this project's schemas use are known; a schema with another one
has no quick look. Standard library alone.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Look = Callable[[Any], bool]
SILENT = {"$schema", "$defs", "title", "description", "examples"}


class Unsure(Exception):
    """This value is for jsonschema to judge."""


class _Unknown(Exception):
    """A keyword, or a form of one, that is not known here."""


def compiled(schema: object) -> Look | None:
    """A function that says whether a value fits, or raises Unsure; None where the schema asks for more than is known
    here."""
    try:
        return _Schema(schema).look(schema)
    except _Unknown:
        return None


class _Schema:
    """Functions of a schema's parts; `whole` is what a $ref leads into."""

    def __init__(self, whole: object):
        self.whole = whole
        self.known: dict[str, Look] = {}

    def look(self, schema: object) -> Look:
        if isinstance(schema, bool):
            return lambda value: schema
        if not isinstance(schema, Mapping):
            raise _Unknown
        checks = [self._check(word, asks, schema) for word, asks in schema.items() if word not in SILENT]
        if len(checks) == 1:
            return checks[0]

        def every(value: Any) -> bool:
            for check in checks:  # noqa: SIM110 - a loop takes two thirds of the time of all()
                if not check(value):
                    return False
            return True

        return every

    def _check(self, word: str, asks: Any, schema: Mapping[str, Any]) -> Look:
        if word in _PLAIN:
            return _PLAIN[word](asks)
        if word == "$ref":
            return self._ref(asks)
        if word in ("anyOf", "allOf", "oneOf"):
            parts = [self.look(part) for part in asks]
            if word == "oneOf":
                return lambda value: sum(part(value) for part in parts) == 1
            joined = any if word == "anyOf" else all
            return lambda value: joined(part(value) for part in parts)
        if word == "items":
            each = self.look(asks)
            return lambda value: not isinstance(value, list) or all(map(each, value))
        if word == "properties":
            named = {name: self.look(part) for name, part in asks.items()}

            def properties(value: Any) -> bool:
                if isinstance(value, dict):
                    for name, part in value.items():
                        look = named.get(name)
                        if look is not None and not look(part):
                            return False
                return True

            return properties
        if word == "additionalProperties":
            other, listed = self.look(asks), schema.get("properties", {}).keys()
            return lambda value: (
                not isinstance(value, dict) or all(other(part) for name, part in value.items() if name not in listed)
            )
        if word == "propertyNames":
            name = self.look(asks)
            return lambda value: not isinstance(value, dict) or all(map(name, value))
        raise _Unknown

    def _ref(self, where: str) -> Look:
        if not where.startswith("#/"):
            raise _Unknown
        if where not in self.known:
            self.known[where] = lambda value: self.known[where](value)  # what refers to itself meets this
            part: Any = self.whole
            for step in where[2:].split("/"):
                if not isinstance(part, Mapping) or step not in part:
                    raise _Unknown
                part = part[step]
            self.known[where] = self.look(part)
        return lambda value: self.known[where](value)


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_TYPES: dict[str, Look] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": _number,
    "integer": lambda value: _number(value) and (isinstance(value, int) or value.is_integer()),
}


def _type(asks: Any) -> Look:
    names = [asks] if isinstance(asks, str) else asks
    if any(name not in _TYPES for name in names):
        raise _Unknown
    kinds = [_TYPES[name] for name in names]
    return kinds[0] if len(kinds) == 1 else lambda value: any(kind(value) for kind in kinds)


def _one_of(values: list[Any]) -> Look:
    """One of these; of a bool and a number that Python takes for equal only the one that is there."""
    if any(isinstance(value, (dict, list)) for value in values):
        raise _Unknown
    return lambda value: any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in values)


def _pattern(asks: str) -> Look:
    search = re.compile(asks).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _unique(asks: bool) -> Look:
    def unique(value: Any) -> bool:
        if not asks or not isinstance(value, list):
            return True
        if not all(isinstance(part, str) for part in value):
            raise Unsure
        return len(set(value)) == len(value)

    return unique


def _required(asks: list[str]) -> Look:
    names = frozenset(asks)
    return lambda value: not isinstance(value, dict) or names <= value.keys()


# Each in the way in which jsonschema compares, so that a nan, which is neither less nor more, is let through alike.
_PLAIN: dict[str, Callable[[Any], Look]] = {
    "type": _type,
    "enum": _one_of,
    "const": lambda asks: _one_of([asks]),
    "pattern": _pattern,
    "required": _required,
    "uniqueItems": _unique,
    "minLength": lambda asks: lambda value: not isinstance(value, str) or not len(value) < asks,
    "minItems": lambda asks: lambda value: not isinstance(value, list) or not len(value) < asks,
    "maxItems": lambda asks: lambda value: not isinstance(value, list) or not len(value) > asks,
    "minimum": lambda asks: lambda value: not _number(value) or not value < asks,
    "maximum": lambda asks: lambda value: not _number(value) or not value > asks,
    "exclusiveMinimum": lambda asks: lambda value: not _number(value) or not value <= asks,
}
