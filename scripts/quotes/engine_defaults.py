"""The settings a post speaks of: each default is read from the pinned source at build, none is typed.

A `[[setting]]` says where the default is decided: a symbol, and in `value` a regular expression with one group,
searched in the symbol's source lines, which stand there joined by line feeds. It must match once, and the group is
the default as the page shows it. Where a branch decides, the expression begins at the branch's condition, so that
another branch's value cannot be taken for it.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from scripts.common.errors import SiteError
from scripts.quotes import manifest as manifests
from scripts.quotes.manifest import Manifest, check_id, check_table
from scripts.sources.pins import ROOT, Pin
from scripts.sources.python_symbols import Symbol, Tables

KEYS = {
    "id": str,
    "engine": str,
    "name": str,
    "path": str,
    "symbol": str,
    "value": str,
    "shown": dict,
    "where": str,
    "who": str,
}
OPTIONAL = ("shown", "where")


@dataclass(frozen=True)
class Setting:
    """One `[[setting]]`; `file` is its manifest, `name` the flag or variable as a user writes it.

    `shown` maps the source's words to the page's (True to on); empty shows the source's. `where`, inline Markdown
    beside the default, says under what condition it is that; `who`, inline Markdown, who should change it.
    """

    file: str
    id: str
    engine: str
    name: str
    path: str
    symbol: str
    value: str
    who: str
    shown: dict = field(default_factory=dict)
    where: str = ""

    @property
    def place(self) -> str:
        """How an error names it."""
        return f"{self.file}: setting '{self.id}'"

    @property
    def anchor(self) -> str:
        """The fragment of its row."""
        return f"setting-{self.id}"


@dataclass(frozen=True)
class Default:
    """A setting with its default as the page shows it. The lines, counted from 1, are those of the pinned file that
    the expression matched, up to its group: a deciding condition and the value below it, or one line."""

    setting: Setting
    pin: Pin
    symbol: Symbol
    value: str
    first: int
    last: int

    @property
    def lines(self) -> str:
        """ "7" or "7-9"."""
        return f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"

    @property
    def permalink(self) -> str:
        """The deciding lines in the engine's repository, at the pinned tag."""
        return self.pin.permalink(self.setting.path, self.first, self.last)


def parse(manifest: Manifest) -> dict[str, Setting]:
    """The settings of a manifest by id, in file order. Raises SiteError for anything not understood."""
    found: dict[str, Setting] = {}
    for number, raw in enumerate(manifest.settings, 1):
        named = f"'{raw['id']}'" if isinstance(raw.get("id"), str) else f"number {number}"
        where = f"{manifest.file}: setting {named}"
        check_table(raw, KEYS, tuple(key for key in KEYS if key not in OPTIONAL), where)
        check_id(raw["id"], where)
        if raw["id"] in found:
            raise SiteError(f"{where}: two settings are called that; rename one")
        for key, text in raw.get("shown", {}).items():
            if not (isinstance(text, str) and text.strip()):
                raise SiteError(f"{where}: shown: '{key}' must be text; correct or remove it")
        _pattern(raw["value"], where)
        found[raw["id"]] = Setting(manifest.file, **raw)
    return found


def load_all(root: Path = ROOT) -> list[Setting]:
    """Every setting of every manifest, in file order."""
    return [setting for manifest in manifests.load_all(root).values() for setting in parse(manifest).values()]


def numbered(number: str, root: Path = ROOT) -> Manifest:
    """The manifest of the post with that number ("01"). Raises SiteError when there is not exactly one."""
    posts = sorted((root / manifests.FOLDER).glob("[0-9]*-*.toml"))
    found = [path.stem for path in posts if path.stem.partition("-")[0] == number]
    if len(found) != 1:
        problem = f"{', '.join(found)} all begin so" if found else "none begins so"
        raise SiteError(f"no one manifest of {manifests.FOLDER}/ is meant, {problem}; give a post's number, such as 01")
    return manifests.load(found[0], root)


def unused(setting: Setting, page: str = "any page") -> str:
    """The line that says a setting stands in no table; `page` is where one is missed."""
    return f"{setting.place}: is not shown on {page}; write '/// settings' there, or remove it"


def read(setting: Setting, tables: Tables) -> Default:
    """Reads the default in the pinned source. Raises SiteError for a symbol or a line that is not there once."""
    where, sources = setting.place, tables.sources
    pin = sources.pin(setting.engine, where)
    text = sources.text(setting.engine, setting.path, where)
    symbol = tables.find(setting.engine, setting.path, setting.symbol, where)
    # Not splitlines(): a form feed or U+2028 inside a string ends no line of Python.
    lines = text.replace("\r\n", "\n").split("\n")[symbol.first - 1 : symbol.last]
    body = "\n".join(lines)
    matches = list(_pattern(setting.value, where).finditer(body))
    if not matches:
        raise SiteError(
            f"{where}: value: nothing in '{setting.symbol}' ({setting.path}:{symbol.line}) matches {setting.value!r}; "
            "read there what decides the default now, and correct it"
        )

    def line(at: int) -> int:
        return symbol.first + body.count("\n", 0, at)

    if len(matches) > 1:
        at = ", ".join(str(line(match.start())) for match in matches)
        raise SiteError(
            f"{where}: value: {setting.value!r} matches {len(matches)} times in '{setting.symbol}' (lines {at}); "
            "begin it at the line that tells them apart"
        )
    (match,) = matches
    value = (match[1] or "").strip()
    if not value:
        raise SiteError(
            f"{where}: value: the group of {setting.value!r} took no text at line {line(match.start())}; "
            "write it so that the group is the default"
        )
    if setting.shown and value not in setting.shown:
        raise SiteError(
            f"{where}: shown: the default is {value!r} now, which it does not name (it names "
            f"{', '.join(setting.shown)}); add it"
        )
    return Default(setting, pin, symbol, setting.shown.get(value, value), line(match.start()), line(match.end(1)))


def _pattern(value: str, where: str) -> re.Pattern:
    try:
        pattern = re.compile(value)
    except re.error as error:
        raise SiteError(f"{where}: value: no regular expression ({error}); correct it") from None
    if pattern.groups != 1:
        raise SiteError(
            f"{where}: value: has {pattern.groups} groups; put one around the default, and write others (?:...)"
        )
    return pattern
