"""What the reason of a `{fixed: ...}` names, looked up: a time, share or rate may be fixed only by what says it.

A reason is words, and in them one of these, in which the number must stand:
`claim async-8b` (its bound, its sentence), `setting 07/vllm-wait` (the default that is read from the release),
`record 05/hits-vllm#workload.rounds`, or `PATH::NAME`, a definition in this repository or in a pinned release.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from scripts.catalog import famous_numbers
from scripts.catalog.site_data import Evidence
from scripts.catalog.typed_numbers import Typed
from scripts.common.errors import SiteError
from scripts.quotes import engine_defaults

_DIGITS = re.compile(r"(?<![\w.])\d[\d,_]*(?:\.\d+)?(?:e-?\d+)?", re.I)
_WORDS: dict[str, float] = dict(zip(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety".split(),
    (*range(1, 21), *range(30, 91, 10)), strict=True,
))  # fmt: skip
_WORDS |= {"twice": 2, "thrice": 3, "half": 0.5}
_COUNTED = re.compile(r"(?:tokens?|[KMGT]i?B|B|bytes?)$", re.I)  # what is counted or reserved is chosen, not measured
NAMED = re.compile(
    r"\bclaim (?P<claim>[a-z0-9][a-z0-9-]*)|\bsetting (?P<setting>\d\d/[a-z0-9-]+)|"
    r"\brecord (?P<record>\d\d/[\w.-]+#[\w.-]+)|(?P<file>[\w./-]+)::(?P<name>[\w.]+)"
)
_HOW = "'claim ID', 'setting NN/ID', 'record NN/NAME#FIELD' or 'PATH::NAME'"


def faults(typed: Iterable[Typed], evidence: Evidence) -> list[str]:
    """A line for each number that is marked as fixed and that its reason does not vouch for."""
    return [fault for number in typed if number.kind == "fixed" and (fault := _fault(number, evidence))]


def misquoted(typed: Iterable[Typed], root: Path) -> list[str]:
    """A line for each number that is marked as quoted and is in no figure of its source."""
    figures: dict[str, list[str]] = {}
    for figure in famous_numbers.load(root):
        said = (figure.figure, figure.setup, figure.against, figure.mind)
        figures.setdefault(figure.source, []).append(" ".join(said))
    lines = []
    for number in typed:
        if number.kind != "quoted" or number.why not in figures:
            continue
        there = set().union(*map(values, figures[number.why]))
        if missing := sorted(values(number.text) - there - {0, 100}):
            lines.append(
                f"{number.file}:{number.line}: {number.text!r} is quoted from {number.why}, and no figure of it in "
                f"{famous_numbers.FILE} says {missing[0]:g}; correct the one that is wrong"
            )
    return lines


def _fault(number: Typed, evidence: Evidence) -> str:
    where = f"{number.file}:{number.line}: {number.text!r} is marked as fixed"
    named = NAMED.search(number.why)
    wanted = values(number.text)
    if named is None:
        if counted(number.text) and not re.search(r"\bdefault\b", number.why) or wanted <= {0, 100}:
            return ""
        return (
            f"{where} by {number.why!r}, which names nothing that says it; refer to it with {{{{claim.value}}}}, or "
            f"name {_HOW} in the reason"
        )
    try:
        there = numbers(named, evidence)
    except SiteError as error:
        return f"{where} by {named[0]!r}, which is not there ({error}); correct the name"
    if missing := [each for each in sorted(wanted) if not scaled(each, number.text) & there]:
        return f"{where} by {named[0]!r}, in which no {missing[0]:g} stands; correct the number or the reason"
    return ""


def counted(text: str) -> bool:
    """Whether a number is one of tokens or bytes: a length or a size, which somebody chose."""
    return bool(_COUNTED.search(text))


def values(text: str) -> set[float]:
    """The numbers of a piece of text, in digits or in words."""
    found = {float(re.sub("[,_]", "", digits)) for digits in _DIGITS.findall(text)}
    return found | {float(_WORDS[word]) for word in re.findall(r"[a-z]+", text.lower()) if word in _WORDS}


def scaled(value: float, text: str) -> set[float]:
    """What a number may be called where it is decided: in another unit of time or size, as a share, as a factor that is
    so far from one. `text` is the number with its unit."""
    if re.search(r"(?:%|per ?cent|points?)$", text):
        made = [value, value / 100, 1 + value / 100, 1 - value / 100]
    elif re.search(r"\d *(?:x|×|times|-?fold)$|as \w+$", text):
        made = [value]
    else:
        made = [value, value / 1000, value * 1000, value * 60, value / 60]
    return {float(f"{each:.9g}") for each in made}


def numbers(named: re.Match[str], evidence: Evidence) -> set[float]:
    """The numbers in what a reason names. Raises SiteError where that is not there."""
    if name := named["claim"]:
        data = evidence.claim(name).data
        text = f"{data['title']} {data['sentence']} {data.get('holds_if', '')}"
        exact = [value["value"] for value in data["values"].values()]
        return {*values(text), *leaves(data.get("predicate", {})), *leaves(exact)}
    if name := named["setting"]:
        return values(engine_defaults.read(engine_defaults.named(name, evidence.root), evidence.tables).value)
    if name := named["record"]:
        record, _, field = name.partition("#")
        return {*leaves(evidence.record(record).at(field))}
    return set().union(*map(values, lines(named["file"], named["name"], evidence)))


def leaves(data: object) -> Iterator[float]:
    """The numbers in a value of JSON, those in its texts too."""
    if isinstance(data, (dict, list)):
        for part in data.values() if isinstance(data, dict) else data:
            yield from leaves(part)
    elif isinstance(data, (int, float)) and not isinstance(data, bool):
        yield float(data)
    elif isinstance(data, str):
        yield from values(data)


def lines(file: str, name: str, evidence: Evidence) -> list[str]:
    """The lines of a definition, and those that name it. Raises SiteError for none."""
    path = evidence.root / file
    if path.is_file() and path.resolve().is_relative_to(evidence.root.resolve()):
        text = path.read_text("utf-8")
    else:
        engine = next((pin.engine for pin in evidence.pins.values() if file.startswith(f"{pin.sources}/")), "")
        if not engine:
            raise SiteError(f"no file {file} here, and no release is pinned that has it")
        text = evidence.sources.text(engine, file, file)
    lines = text.split("\n")
    last = name.rpartition(".")[2]
    kept = {index for index, line in enumerate(lines) if re.search(rf"\b{re.escape(last)}\b", line)}
    if not kept:
        raise SiteError(f"{file} names no {last}")
    if file.endswith(".py"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                mine = node.name == last
            else:
                mine = isinstance(node, (ast.Assign, ast.AnnAssign)) and node.lineno - 1 in kept
            if mine and isinstance(node, ast.stmt):
                kept.update(range(node.lineno - 1, node.end_lineno or node.lineno))
    return [lines[index] for index in sorted(kept)]
