"""TOML tables read into typed objects. What does not fit ends in one line: file, id, what is wrong, what to do.

A table is a `Table`: a frozen Struct that knows no keys but its fields, nested ones included. msgspec decides whether a
table fits; why one does not is looked up here, key by key, so that it is said in words that name the remedy.
"""

import functools
import tomllib
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo, fields

from scripts.common.errors import SiteError

NAMES = {str: "text", int: "a number", list: "a list", dict: "a table"}


def refused(wrong: str) -> dict[str, str]:
    """A type's `extra`: what is said of a value of the right kind that does not fit, with {key} and {value} in it."""
    return {"wrong": wrong}


Text = Annotated[str, msgspec.Meta(pattern=r"\S")]  # not blank
Id = Annotated[  # can stand in an address
    str,
    msgspec.Meta(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\Z",
        extra=refused("id '{value}' is not lower-case words joined by '-'; rename it"),
    ),
]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of table. KIND is how a message calls it, NAME the key that tells one from another, and BEFORE what
    parts it from the table around it."""

    KIND: ClassVar[str] = "table"
    NAME: ClassVar[str] = "id"
    BEFORE: ClassVar[str] = ": "


T = TypeVar("T", bound=Table)


@functools.lru_cache(maxsize=64)  # a manifest is read by checks of its own kind, of numbers, defaults and sentences
def looked_at(text: str) -> Mapping[str, Any]:
    """What a TOML text holds, for those who only look at it: it is the same object each time. tomllib's errors."""
    return tomllib.loads(text)


def parse(text: str, file: str) -> dict[str, Any]:
    """What a TOML text holds; `file` is how errors call it. Raises SiteError.

    Its tables are those of `looked_at`, which nobody may change: the same manifest is read for both.
    """
    try:
        return dict(looked_at(text))
    except tomllib.TOMLDecodeError as error:
        raise SiteError(f"{file}: not TOML ({error}); correct that line") from None


def read(raw: object, kind: type[T], where: str, /, **given: object) -> T:
    """The table as a `kind`; `where` (file and id) begins its errors. Raises SiteError.

    `given` are fields that the reader knows and no table may set, such as the file it stands in.
    """
    unexpected = "does not fit"
    if isinstance(raw, dict) and raw.keys().isdisjoint(given):
        try:
            return msgspec.convert(raw | given, kind)
        except msgspec.ValidationError as error:
            unexpected = str(error)
    wrong = _why(raw, kind, where, given) or f"{where}: {unexpected}; correct it"
    raise SiteError(wrong.replace("\n", "\\n"))  # a value may hold several lines, an error is one


def read_each(raws: Iterable[object], kind: type[T], where: str, /, **given: object) -> list[T]:
    """The tables of one kind that a file holds, in its order. Raises SiteError."""
    return [read(raw, kind, named(raw, kind, number, where), **given) for number, raw in enumerate(raws, 1)]


def with_keys(kind: type[T], names: Iterable[str]) -> type[T]:
    """A kind of table with more keys, text that may be left out, where only data says how they are called."""
    wider = msgspec.defstruct(kind.__name__, [(name, Text, "") for name in names], bases=(kind,), frozen=True)
    assert issubclass(wider, kind)
    return wider


def by_name(tables: Iterable[T], where: str) -> dict[str, T]:
    """The tables by what tells one from another. Raises SiteError for two of one name."""
    known: dict[str, T] = {}
    for table in tables:
        name = getattr(table, table.NAME)
        if name in known:
            raise SiteError(
                f"{where}{table.BEFORE}{table.KIND} '{name}': two {table.KIND}s are called that; rename one"
            )
        known[name] = table
    return known


def named(raw: object, kind: type[Table], number: int, where: str) -> str:
    """How a table is called in a message: by its name where it has one, else by its number (from 1)."""
    name = raw.get(kind.NAME) if isinstance(raw, dict) else None
    return f"{where}{kind.BEFORE}{kind.KIND} " + (f"'{name}'" if isinstance(name, str) else f"number {number}")


def one_of(name: str, known: Collection[str], key: str, where: str) -> None:
    """Raises SiteError for a name that is not among `known`."""
    if name not in known:
        raise SiteError(f"{where}: {key} '{name}' is not known; use one of {', '.join(known) or 'none, none is there'}")


def check_id(name: str, where: str) -> None:
    """Raises SiteError for an id that cannot stand in an address, where it is the key of a table and no value."""
    if not _fits(name, Id):
        raise SiteError(f"{where}: " + _wrong(Id).format(value=name))


def _why(raw: object, kind: type[Table], where: str, given: Collection[str] = ()) -> str | None:
    """What is wrong with a table, None where nothing is: first a key or its kind, then what is missing, then values."""
    if not isinstance(raw, dict):
        return f"{where}: is no table; write its keys below [[...]]"
    known: dict[str, FieldInfo] = {field.encode_name: field for field in fields(kind) if field.name not in given}
    for key, value in raw.items():
        if key not in known:
            return f"{where}: unknown key '{key}'; remove it, or use one of {', '.join(known)}"
        if not _is_kind(value, known[key].type):
            return f"{where}: '{key}' must be {NAMES[_plain(known[key].type)]}; correct or remove it"
    for key, field in known.items():
        if field.required and key not in raw:
            return f"{where}: '{key}' is missing; add it"
    reasons = (_why_value(value, known[key].type, key, where) for key, value in raw.items())
    return next((reason for reason in reasons if reason), None)


def _why_value(value: object, hint: Any, key: str, where: str) -> str | None:
    """What is wrong with a value of the right kind."""
    if _fits(value, hint):
        return None
    inner, *_ = get_args(_bare(hint)) or (None,)
    if isinstance(value, list) and isinstance(inner, type) and issubclass(inner, Table):
        reasons = (_why(table, inner, named(table, inner, number, where)) for number, table in enumerate(value, 1))
        return next((reason for reason in reasons if reason), None)
    if wrong := _wrong(hint):
        return f"{where}: " + wrong.format(key=key, value=value)
    if isinstance(value, list):
        wrong = _wrong(inner) or "'{key}' holds {value!r}, which is not " + NAMES[_plain(inner)] + "; correct it"
        reasons = (wrong.format(key=key, value=item) for item in value if not _fits(item, inner))
        return next((f"{where}: {reason}" for reason in reasons), None)
    if isinstance(value, dict):
        _, of = get_args(_bare(hint))
        be = f"must be {NAMES[_plain(of)]}; correct or remove it"
        return next((f"{where}: {key}: '{name}' {be}" for name, item in value.items() if not _fits(item, of)), None)
    return None


def _fits(value: object, hint: Any) -> bool:
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError:
        return False
    return True


def _is_kind(value: object, hint: Any) -> bool:
    """Whether TOML gave what is written for such a value; text must not be blank."""
    plain = _plain(hint)
    if plain is int and isinstance(value, bool):
        return False
    return isinstance(value, plain) and (not isinstance(value, str) or bool(value.strip()))


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _plain(hint: Any) -> type:
    """str, int, list or dict: what TOML has for a type."""
    bare = _bare(hint)
    origin = get_origin(bare) or bare
    return {tuple: list}.get(origin, origin)


def _wrong(hint: Any) -> str:
    """What a type's `refused` says, "" where it has none."""
    metas = hint.__metadata__ if get_origin(hint) is Annotated else ()
    return next((meta.extra["wrong"] for meta in metas if meta.extra), "")
