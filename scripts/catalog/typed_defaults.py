"""A setting's default in a sentence is read, not typed: `{{setting:03/vllm-watermark}} by default`.

What is no setting here says where it is decided: `on by default{fixed: vllm/envs.py::VLLM_KEEP_ALIVE}`; of a release
that is not pinned, that one: `{fixed: vLLM 0.33.0}`. The reason may name several, and each has to say so.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.catalog import fixed_sources
from scripts.catalog.site_data import Evidence
from scripts.catalog.typed_numbers import manifest_prose
from scripts.common.errors import SiteError
from scripts.pages.references import prose, without_code
from scripts.quotes import engine_defaults

CATALOGS = ("knobs", "famous", "symptoms")
_DIGITS = r"\d(?:[\d,]*\d)?(?:\.\d+)?"
_MARK = r"(?:\{fixed:(?P<why_%s>[^{}\n]*)\})?"
_STATE = r"on|off|true|false"
_IS = r"(?:(?:it|that|this|which) (?:is|are) )"
# A blank stands for any of them, a line's end too.
_FORMS = [
    # 0 by default; one token by default; 64 on Blackwell by default; off by default
    rf"(?P<a>{_DIGITS}|one|two|four|eight|sixteen|none|{_STATE}){_MARK % 'a'}(?: [a-z]+)?{_MARK % 'a2'}"
    rf"(?:,? (?:on|in|for|of) [A-Z]\w*)?,? by default\b{_MARK % 'a3'}",
    rf"\bby default,? {_IS}(?:at most )?(?P<b>{_DIGITS}|one|none|{_STATE})\b{_MARK % 'b'}",
    rf"\bby default (?P<c>{_DIGITS})(?![\w/]){_MARK % 'c'}",
    rf"\bdefault (?:is|of|to|=) (?P<d>{_DIGITS}|(?:{_STATE})(?=[.,;:)]|$))(?![\w/]){_MARK % 'd'}",
    rf"(?P<e>{_DIGITS}){_MARK % 'e'}(?: [a-z]+)?{_MARK % 'e2'}(?: \(|(?:,| as| is) )the default\b",
]
_TYPED = re.compile("|".join(rf"(?<![\w.,/#{{}}-])(?:{form})" for form in _FORMS).replace(" ", r"\s+"), re.I)
_SAYS = {
    "on": re.compile(r"\b(?:on|true|1)\b", re.I),
    "off": re.compile(r"\b(?:off|false|none|no|0|store_true)\b", re.I),
}
_RELEASE = re.compile(r"\b(\w+) (\d+\.\d+\.\d+)\b")


@dataclass(frozen=True)
class TypedDefault:
    """`value` as it stands in the words `text`; `why` is the reason of its mark, "" without one."""

    file: str
    line: int
    text: str
    value: str
    why: str


def in_text(text: str, file: str, line: int = 1) -> Iterator[TypedDefault]:
    """The defaults that a piece of prose types."""
    plain = without_code(text).replace("*", " ")
    for match in _TYPED.finditer(plain):
        said = {name: value for name, value in match.groupdict().items() if value is not None}
        value = next(value for name, value in said.items() if not name.startswith("why"))
        why = next((value.strip() for name, value in said.items() if name.startswith("why")), "")
        words = " ".join(re.sub(r"\{[^{}]*\}", "", match[0]).split())
        yield TypedDefault(file, line + text.count("\n", 0, match.start()), words, value.lower(), why)


def scan(root: Path, holds: Callable[[str], bool] = bool) -> list[TypedDefault]:
    """Those of every page and of the prose of every manifest and catalog that `holds` is true of."""
    found: list[TypedDefault] = []
    for file in sorted((root / "docs").rglob("*.md")):
        if holds(name := file.relative_to(root).as_posix()):
            found += in_text(prose(file.read_text("utf-8")), name)
    catalogs = (root / f"snippets/{name}.toml" for name in CATALOGS)
    for file in [*sorted((root / "snippets").glob("[0-9]*-*.toml")), *catalogs]:
        if file.is_file() and holds(name := file.relative_to(root).as_posix()):
            for line, piece in manifest_prose(file.read_text("utf-8")):
                found += in_text(piece, name, line)
    return found


def faults(typed: Iterable[TypedDefault], evidence: Evidence) -> list[str]:
    """A line for each default that nothing vouches for."""
    return [fault for each in typed if (fault := _fault(each, evidence))]


def _fault(typed: TypedDefault, evidence: Evidence) -> str:
    where = f"{typed.file}:{typed.line}: types the default of {typed.text!r}"
    named = list(fixed_sources.NAMED.finditer(typed.why))
    compared = {(one.engine, one.version) for one in evidence.comparisons}
    if not named and any((name.lower(), version) in compared for name, version in _RELEASE.findall(typed.why)):
        return ""
    if not named:
        return (
            f"{where}; refer to it with {{{{setting:NN/ID}}}}, or, where it is no setting here, name what decides it: "
            f"{typed.value}{{fixed: PATH::NAME}}"
        )
    for each in named:
        try:
            if not _says(typed.value, each, evidence):
                return f"{where}, and {each[0]!r} does not say so; correct the one that is wrong"
        except SiteError as error:
            return f"{where} by {each[0]!r}, which is not there ({error}); correct the name"
    return ""


def _says(value: str, named: re.Match[str], evidence: Evidence) -> bool:
    """Whether what a reason names has this default."""
    state = {"true": "on", "false": "off"}.get(value, value)
    if state not in _SAYS:
        wanted = {0.0} if value == "none" else fixed_sources.values(value)
        return wanted <= fixed_sources.numbers(named, evidence)
    if named["setting"]:
        setting = engine_defaults.named(named["setting"], evidence.root)
        return bool(_SAYS[state].search(engine_defaults.read(setting, evidence.tables).value))
    lines = fixed_sources.lines(named["file"], named["name"], evidence) if named["file"] else []
    return any(_SAYS[state].search(line) for line in lines)
