"""The typed-number check: a number with a unit on a page must come from a claim, a record or a named source.

Numbers that cannot be measured are marked where they stand: `16 tokens{fixed: the default block size}`, and a figure
of somebody else's `33%{quoted: vllm-blog-2024-09}`. Code, excerpts and `{{...}}` are no typed numbers. Every mark
appears in the ledger.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.catalog.famous_numbers import load_sources
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.pages import pictures
from scripts.pages.references import REFERENCE, prose_lines, without_code

_UNITS = (
    # time
    "ns|us|µs|μs|ms|s|sec|min|h|nanoseconds?|microseconds?|milliseconds?|seconds?|minutes?|hours?|"
    # ratios
    "%|percent|percentage points?|x|×|times|fold|-fold|"
    # rates
    "tok/s|tokens?/s|tokens? per second|req/s|requests?/s|requests? per second|RPS|QPS|[KMGT]?Hz|"
    "[KMGTP]?FLOPS?|[KMGTP]?FLOP/s|[KMGT]i?B/s|"
    # sizes
    "[KMGTkmgt]i?B|B|bytes?|kilobytes?|megabytes?|gigabytes?|tokens?"
)
_NUMBER = r"\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?|\.\d+"
# `20.4 to 38.2%` is one number with a unit, and one mark after it covers both ends. A digit after a letter or a
# hyphen belongs to a name: Qwen3-8B, H200, SmolLM2-135M.
TYPED = re.compile(
    rf"(?<![\w.\-/#&=])(?P<text>[~≈<>≤≥±+−-]?(?:{_NUMBER})(?:\s*(?:to|and|or|–|—|-|/|±)\s*(?:{_NUMBER}))*"
    rf"(?:[ \u00a0\u202f]|&nbsp;|-)?(?P<unit>{_UNITS})(?:\b|(?<=[%×])))(?![\w/])",
)
MARK = re.compile(r"[*_)\]]{0,3}\{(?P<kind>fixed|quoted): *(?P<why>[^{}\n]+?) *\}")
ANY_MARK = re.compile(r"\{(fixed|quoted):([^{}\n]*)\}")
PICTURE = re.compile(r"(?m)^ {0,3}/{3,} *picture *\| *(?P<name>\S+) *\n(?P<options>(?: {4}.*\n)*)")
# How this project always states its uncertainty: a method, not a measurement.
METHOD = re.compile(r"95[ \u00a0]?%(?= (?:bootstrap )?(?:confidence )?interval)")
_LINK_TARGET = re.compile(r"(?<=\])\([^)\n]*\)|<https?://[^>\n]*>|https?://\S+|(?<=\])\[[^\]\n]*\]")
_UNDERSCORED = re.compile(r"(?<!\w)_(?=\S)|(?<=\S)_(?!\w)")  # emphasis; to a pattern it is a letter
_ATTRIBUTES = re.compile(r"\{[:.#][^{}\n]*\}|<[a-zA-Z/][^>\n]*>")


@dataclass(frozen=True)
class Typed:
    """A number that somebody typed. `kind` is "" without a mark, else fixed or quoted, with reason or source."""

    file: str
    line: int
    text: str
    kind: str = ""
    why: str = ""

    @property
    def problem(self) -> str:
        return (
            f"{self.file}:{self.line}: types {self.text!r}; refer to a claim or record with {{{{...}}}}, "
            f"or mark it {{fixed: reason}} or {{quoted: source}}"
        )


def in_line(line: str, file: str, number: int) -> list[Typed]:
    """The typed numbers of one line of prose."""
    plain = without_code(line)
    # The attributes keep their quoted text: an alt text in HTML is read too.
    for pattern in (REFERENCE, _LINK_TARGET):
        plain = pattern.sub(_blanks, plain)
    plain = _ATTRIBUTES.sub(_only_alt, plain)
    plain = _UNDERSCORED.sub("*", plain)
    plain = METHOD.sub(_blanks, plain)
    numbers = []
    for match in TYPED.finditer(plain):
        if match["unit"] == "B" and match["text"][-2:-1].isdigit():
            continue  # 8B counts a model's parameters; bytes stand apart from their number
        mark = MARK.match(plain, match.end())
        text = " ".join(match["text"].split())
        numbers.append(Typed(file, number, text, mark["kind"] if mark else "", mark["why"] if mark else ""))
    return numbers


def _blanks(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _only_alt(match: re.Match[str]) -> str:
    """Blanks a tag or attribute list, but for what its alt or title says to a reader."""
    kept = [(m.start(1), m.end(1)) for m in re.finditer(r"\b(?:alt|title|aria-label)=[\"']([^\"']*)", match[0])]
    return "".join(c if any(a <= i < b for a, b in kept) else " " for i, c in enumerate(match[0]))


def in_page(text: str, file: str) -> list[Typed]:
    """The typed numbers of one Markdown file, its front matter's title and description included."""
    numbers = []
    for number, line in front_matter(text):
        if re.match(r"\s*(title|description|subtitle|summary)\s*:", line):
            numbers += in_line(line, file, number)
    for number, line in prose_lines(text):
        for mark in ANY_MARK.finditer(without_code(line)):
            if not mark[2].strip():
                raise SiteError(
                    f"{file}:{number}: {{{mark[1]}:}} gives no {'reason' if mark[1] == 'fixed' else 'source'}; write it"
                )
        numbers += in_line(line, file, number)
    return numbers


def front_matter(text: str) -> Iterator[tuple[int, str]]:
    """(line number, line) of what stands between the first two rules."""
    lines = text.split("\n")
    if lines and lines[0].strip() == "---":
        for index, line in enumerate(lines[1:], 2):
            if line.strip() in ("---", "..."):
                return
            yield index, line


def in_manifest(file: Path, name: str) -> list[Typed]:
    """The typed numbers of a manifest's prose: notes, what hops do, who changes settings, what knobs trade, what
    is said of symptoms, what is ours of a famous number. What is theirs is free: a figure that is on record with its
    source, and how people put a symptom.

    Lines are the manifest's.
    """
    text = file.read_text("utf-8")
    data = tomllib.loads(text)
    prose = [note.get("text", "") for excerpt in data.get("excerpt", []) for note in excerpt.get("note", [])]
    for path in data.get("path", []):
        prose.append(path.get("title", ""))
        prose += [hop.get(key, "") for hop in path.get("hop", []) for key in ("does", "crosses")]
    prose += [setting.get(key, "") for setting in data.get("setting", []) for key in ("where", "who")]
    prose += [knob.get(key, "") for knob in data.get("knob", []) for key in ("name", "trades")]
    prose += [figure.get(key, "") for figure in data.get("figure", []) for key in ("ours", "why")]
    for symptom in data.get("symptom", []):
        prose += [symptom.get(key, "") for key in ("title", "answer", "look", "why", "otherwise")]
        prose += [change.get(key, "") for change in symptom.get("change", []) for key in ("do", "price")]
    numbers = []
    for piece in prose:
        for line in str(piece).split("\n"):
            at = text[: max(text.find(line.strip()), 0)].count("\n") + 1
            numbers += in_line(line, name, at)
    return numbers


def in_pictures(root: Path) -> list[Typed]:
    """The typed numbers of the hand-made pictures. The reason of a fixed one is that of its text in the picture, or of
    the block that shows the picture: its option `fixed`."""
    reasons = {}
    for page in sorted((root / "docs").rglob("*.md")):
        for block in PICTURE.finditer(page.read_text("utf-8")):
            fixed = re.search(r"(?m)^ +fixed: *(.+?) *$", block["options"])
            reasons[block["name"]] = fixed[1].strip("\"'") if fixed else ""
    numbers = []
    for file in sorted((root / pictures.FOLDER).rglob("*.svg")):
        name = file.relative_to(root / pictures.FOLDER).as_posix().removesuffix(".svg")
        lines = file.read_text("utf-8").split("\n")
        for text in pictures.texts(pictures.read(name, root)):
            reason = text.fixed or reasons.get(name, "")
            at = next((number for number, line in enumerate(lines, 1) if text.words in line), 1)
            for found in in_line(text.words, f"{pictures.FOLDER}/{name}.svg", at):
                numbers.append(replace(found, kind="fixed", why=reason) if reason else found)
    return numbers


def scan(root: Path = ROOT) -> list[Typed]:
    """Every typed number on the pages, in their pictures and in the manifests of the site, marked or not."""
    numbers = []
    for file in sorted((root / "docs").rglob("*.md")):
        numbers += in_page(file.read_text("utf-8"), f"docs/{file.relative_to(root / 'docs').as_posix()}")
    numbers += in_pictures(root)
    snippets = root / "snippets"
    catalogs = (snippets / f"{name}.toml" for name in ("knobs", "famous", "symptoms"))
    for file in [*sorted(snippets.glob("[0-9]*-*.toml")), *catalogs]:
        if file.is_file():
            numbers += in_manifest(file, f"snippets/{file.name}")
    return numbers


def problems(typed: list[Typed], sources: dict) -> list[str]:
    """One line for each number that nothing vouches for, and for each mark that names an unknown source."""
    lines = []
    for number in typed:
        if not number.kind:
            lines.append(number.problem)
        elif number.kind == "quoted" and number.why not in sources:
            lines.append(
                f"{number.file}:{number.line}: {number.text!r} is quoted from {number.why!r}, which is no source; "
                f"add [source.{number.why}] to snippets/famous.toml"
            )
    return lines


def main() -> None:
    typed = scan()
    wrong = problems(typed, load_sources(ROOT))
    if wrong:
        raise SiteError("\n".join(wrong))
    print(f"no number is typed without a mark; {len(typed)} marked")


if __name__ == "__main__":
    run_cli(main)
