"""Words of a machine that a record must not carry to others: absolute paths, the home folder, names of user and host,
values of variables that hold a key. `without_paths` keeps paths out when a record is made; `first_found` looks again
before one is sent, since a record is never edited.
"""

import getpass
import platform
import re
from collections.abc import Iterator
from pathlib import Path

# Two parts or more, so that `tok/s` and `1/2` are none; what follows a name, a dot or a scheme is no absolute path.
_ABSOLUTE = re.compile(r"(?<![\w./~*<:+-])/(?!v\d+/)(?:[\w.+@~-]+/)+[\w.+@~-]*|(?<=file://)/[\w./+@~-]+")
_HOMES = re.compile(r"(?<![\w./~*<:+-])/(?:home|root|Users|tmp|mnt|data|scratch|srv|opt|workspace)\b")
SECRET = re.compile(r"(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD)(_|$)", re.I)
# Accounts of images and systems, whose names say nothing of a person.
_COMMON = {"root", "user", "ubuntu", "debian", "admin", "nobody", "runner", "jovyan", "vscode", "app", "localhost"}
_SHORT = 3  # letters: shorter names are in any text


def without_paths(value: object) -> object:
    """The same with each absolute path in its texts cut to its last part: a line of a log tells as much without."""
    if isinstance(value, str):
        shorter = _ABSOLUTE.sub(lambda found: found[0].rstrip("/").rpartition("/")[2], value)
        return _HOMES.sub(lambda found: found[0][1:], shorter)
    if isinstance(value, dict):
        return {key: without_paths(part) for key, part in value.items()}
    return [without_paths(part) for part in value] if isinstance(value, (list, tuple)) else value


def words_here() -> dict[str, str]:
    """{word: what it is} of this machine: home folder, names of user and host; those that say nothing left out."""
    words = {str(Path.home()): "the home folder"}
    for what, name in {"the user's name": _user(), "the host's name": platform.node()}.items():
        for word in (name, name.partition(".")[0]):
            if len(word) >= _SHORT and word.lower() not in _COMMON:
                words.setdefault(word, what)
    words.pop("/", None)
    return words


def first_found(record: dict, columns: dict | None, words: dict[str, str]) -> tuple[str, str, str] | None:
    """(field, word, what it is) of the first of `words` in the record or its columns, or of the first absolute path;
    None where there is none. A name counts where it stands by itself, not within another word."""
    patterns = [(re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])"), what) for word, what in words.items()]
    patterns += [(_ABSOLUTE, "a path"), (_HOMES, "a path")]
    parts = [*_texts(record, ""), *_texts(columns or {}, "columns")]
    for place, text in parts:
        for pattern, what in patterns:
            if found := pattern.search(text):
                return place, found[0], what
    for name in record["environment"]:
        if SECRET.search(name):
            return f"environment.{name}", name, "a variable that may hold a secret"
    return None


def _texts(value: object, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place.lstrip("."), value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield f"{place}.{key}".lstrip("."), str(key)
            yield from _texts(part, f"{place}.{key}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _texts(part, f"{place}[{index}]")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user may have no name
        return ""
