"""The settings a post speaks of: each default is read from the pinned source at build, none is typed.

A `[[setting]]` says where the default is decided: a symbol, and in `value` a regular expression with one group,
searched in the symbol's source lines, which stand there joined by line feeds. It must match once, and the group is
the default as the page shows it. Where a branch decides, the expression begins at the branch's condition, so that
another branch's value cannot be taken for it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.quotes import manifest as manifests
from scripts.quotes.manifest import Manifest
from scripts.quotes.manifest_tables import Setting
from scripts.sources import python_text
from scripts.sources.pins import Pin
from scripts.sources.python_symbols import Symbol, Tables


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
    """The settings of a manifest by id, in file order. Raises SiteError for an id or an expression that will not do."""
    settings = toml_tables.by_name(manifest.settings, manifest.file)
    for setting in settings.values():
        _pattern(setting.value, setting.place)
    return settings


def load_all(root: Path = ROOT) -> list[Setting]:
    """Every setting of every manifest, in file order."""
    return [setting for manifest in manifests.load_all(root).values() for setting in parse(manifest).values()]


def numbered(number: str, root: Path = ROOT) -> Manifest:
    """The manifest of the post with that number ("01"). Raises SiteError when there is not exactly one."""
    posts = sorted((root / manifests.FOLDER).glob("[0-9]*-*.toml"))
    stems = [path.stem for path in posts if path.stem.partition("-")[0] == number]
    if len(stems) != 1:
        problem = f"{', '.join(stems)} all begin so" if stems else "none begins so"
        raise SiteError(f"no one manifest of {manifests.FOLDER}/ is meant, {problem}; give a post's number, such as 01")
    return manifests.load(stems[0], root)


def named(name: str, root: Path = ROOT) -> Setting:
    """The setting `id` of post NN's manifest, called `NN/id`. Raises SiteError when there is none."""
    post, _, id = name.partition("/")
    settings = parse(numbered(post, root))
    if id not in settings:
        raise SiteError(f"{post} has no setting '{id}'")
    return settings[id]


def unused(setting: Setting, page: str = "any page") -> str:
    """The line that says a setting stands in no table; `page` is where one is missed."""
    return f"{setting.place}: is not shown on {page}; write '/// settings' there, or remove it"


def read(setting: Setting, tables: Tables) -> Default:
    """Reads the default in the pinned source. Raises SiteError for a symbol or a line that is not there once."""
    where, sources = setting.place, tables.sources
    pin = sources.pin(setting.engine, where)
    text = sources.text(setting.engine, setting.path, where)
    symbol = tables.find(setting.engine, setting.path, setting.symbol, where)
    body = "\n".join(python_text.lines(text)[symbol.first - 1 : symbol.last])
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
    if value in setting.shown and (fault := shown_fault(setting.name, value, setting.shown[value])):
        raise SiteError(f"{where}: shown: {fault}")
    return Default(setting, pin, symbol, setting.shown.get(value, value), line(match.start()), line(match.end(1)))


def shown_fault(name: str, value: str, shown: str) -> str:
    """What is wrong with how a default that was read is shown, "" where nothing is: it may be put into words, not
    changed. A switch is on or off; a flag that disables may say what is off then: `overlap on` of False."""
    numbers = set(re.findall(r"\d+(?:\.\d+)?", shown))
    if value in ("True", "False"):
        subject, _, state = shown.rpartition(" ")
        turned = bool(subject) and name.startswith(("--disable-", "--no-"))
        if state not in ("on", "off", "true", "false"):
            return f"{value} is shown as {shown!r}; say on or off"
        if (state in ("on", "true")) != ((value == "True") != turned):
            return f"{value} is shown as {shown!r}, which is its opposite; turn it round"
    elif value == "None":
        if numbers:
            return f"None is shown as {shown!r}, a number that no source says; say what None means"
    elif re.fullmatch(r"-?[\d_.]+(?:e-?\d+)?", value):
        if numbers and {float(each) for each in numbers} != {abs(float(value.replace("_", "")))}:
            return f"{value} is shown as {shown!r}, another number; name the one that was read"
    elif numbers or _letters(value.rpartition(".")[2]) not in _letters(shown):
        return f"{value} is shown as {shown!r}, which does not name it; write it with its own name"
    return ""


def same_place(defaults: Iterable[Default]) -> list[str]:
    """A line for each two settings of different names that are read at one place: one of them is another's."""
    found: dict[tuple[str, str, int, int, str], Default] = {}
    lines = []
    for default in defaults:
        setting = default.setting
        other = found.setdefault((setting.engine, setting.path, default.first, default.last, setting.value), default)
        if other.setting.name != setting.name:
            lines.append(
                f"{setting.place}: value: is read at {setting.path}:{default.lines}, as that of {other.setting.name} "
                f"is ({other.setting.place}); read what decides {setting.name}"
            )
    return lines


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


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
