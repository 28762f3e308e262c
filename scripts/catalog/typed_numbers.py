"""The typed-number check: a number with a unit on a page must come from a claim, a record or a named source.

Numbers that cannot be measured are marked where they stand: `16 tokens{fixed: the default block size}`, and a figure
of somebody else's `33%{quoted: vllm-blog-2024-09}`. Code, excerpts and `{{...}}` are no typed numbers. Every mark
appears in the ledger.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.catalog import number_forms
from scripts.catalog.famous_numbers import load_sources
from scripts.common import toml_tables
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.pages import pictures
from scripts.pages.references import prose, without_code

PUBLIC = re.compile(r"\s*(title|description|subtitle|summary|answer)\s*:")
ANY_MARK = re.compile(r"\{(fixed|quoted):([^{}\n]*)\}")
SENTENCE_END = re.compile(r"[.;:!?](?=\s|$)|\n\s*\n")
PICTURE = re.compile(r"(?m)^ {0,3}/{3,} *picture *\| *(?P<name>\S+) *\n(?P<options>(?: {4}.*\n)*)")


@dataclass(frozen=True)
class Typed:
    """A number that somebody typed. `kind` is "" without a mark, else fixed or quoted, with reason or source. `before`
    and `after` are the words beside it, on one line, up to the next number or the sentence's end."""

    file: str
    line: int
    text: str
    kind: str = ""
    why: str = ""
    before: str = ""
    after: str = ""

    @property
    def problem(self) -> str:
        return (
            f"{self.file}:{self.line}: types {self.text!r}; refer to a claim or record with {{{{...}}}}, "
            f"or mark it {{fixed: reason}} or {{quoted: source}}"
        )


def in_line(line: str, file: str, number: int) -> list[Typed]:
    """The typed numbers of a piece of prose, whose first line has this number."""
    plain = number_forms.plain(line)
    numbers = []
    matches = number_forms.found(plain)
    ends = 0
    for index, match in enumerate(matches):
        mark = number_forms.MARK.match(plain, match.end())
        at = number + plain.count("\n", 0, match.start())
        kind, why = (mark["kind"], line[mark.start("why") : mark.end("why")]) if mark else ("", "")
        before = SENTENCE_END.split(plain[ends : match.start()])[-1]
        ends = (mark or match).end()
        after = plain[ends : matches[index + 1].start() if index + 1 < len(matches) else None]
        beside = (" ".join(re.sub(r"[*`\[\]]", "", words).split()) for words in (before, SENTENCE_END.split(after)[0]))
        numbers.append(Typed(file, at, number_forms.words(match), kind, why, *beside))
    return numbers


def in_page(text: str, file: str) -> list[Typed]:
    """The typed numbers of one Markdown file, its front matter's title and description included."""
    numbers = [number for at, said in _front_prose(text) for number in in_line(said, file, at)]
    body = prose(text)
    for mark in ANY_MARK.finditer(without_code(body)):
        if not mark[2].strip():
            number = body.count("\n", 0, mark.start()) + 1
            raise SiteError(
                f"{file}:{number}: {{{mark[1]}:}} gives no {'reason' if mark[1] == 'fixed' else 'source'}; write it"
            )
    numbers += in_line(body, file, 1)
    return numbers


def _front_prose(text: str) -> Iterator[tuple[int, str]]:
    """(line number, text) of the keys in the front matter that readers see, with the lines over which each goes on."""
    began, said = 0, ""
    for number, line in front_matter(text):
        if said and line[:1].isspace():
            said += f"\n{line}"
            continue
        if said:
            yield began, said
        began, said = number, line if PUBLIC.match(line) else ""
    if said:
        yield began, said


def front_matter(text: str) -> Iterator[tuple[int, str]]:
    """(line number, line) of what stands between the first two rules."""
    lines = text.split("\n")
    if lines and lines[0].strip() == "---":
        for index, line in enumerate(lines[1:], 2):
            if line.strip() in ("---", "..."):
                return
            yield index, line


def in_manifest(file: Path, name: str) -> list[Typed]:
    """The typed numbers of a manifest's prose. Lines are the manifest's."""
    said = manifest_prose(file.read_text("utf-8"))
    return [number for line, piece in said for number in in_line(piece, name, line)]


def manifest_prose(text: str) -> Iterator[tuple[int, str]]:
    """(line, text) of a manifest's prose: notes, what hops do, who changes settings, what knobs trade, what is said of
    symptoms, what is ours of a famous number. What is theirs is free: a figure that is on record with its source, and
    how people put a symptom."""
    data = toml_tables.looked_at(text)
    prose = [note.get("text", "") for excerpt in data.get("excerpt", []) for note in excerpt.get("note", [])]
    for path in data.get("path", []):
        prose.append(path.get("title", ""))
        prose += [hop.get(key, "") for hop in path.get("hop", []) for key in ("does", "crosses")]
    prose += [setting.get(key, "") for setting in data.get("setting", []) for key in ("where", "who")]
    prose += [knob.get(key, "") for knob in data.get("knob", []) for key in ("name", "trades")]
    prose += [figure.get(key, "") for figure in data.get("figure", []) for key in ("ours", "why")]
    for kind in ("replay", "compare"):
        for table in data.get(kind, []):
            prose += [table.get(key, "") for key in ("title", "question", "setting")] + table.get("answers", [])
            prose += [said if isinstance(said, str) else said.get("text", "") for said in _several(table, "because")]
            prose += [mark.get("text", "") for mark in table.get("mark", [])]
    for symptom in data.get("symptom", []):
        prose += [symptom.get(key, "") for key in ("title", "answer", "look", "why", "otherwise")]
        prose += [change.get(key, "") for change in symptom.get("change", []) for key in ("do", "price")]
    for piece in map(str, prose):
        begin = piece.split("\n")[0].strip()
        yield text[: max(text.find(begin), 0)].count("\n") + 1, piece


def _several(table: dict, key: str) -> list:
    """The values of a key that has one or a list."""
    value = table.get(key, [])
    return value if isinstance(value, list) else [value]


def in_settings(root: Path) -> list[Typed]:
    """The typed numbers of what stands above and beside every page: the site's description, the posts in order."""
    numbers = []
    for name, key in (("mkdocs.yml", "site_description:"), ("docs/posts/reading-order.toml", "title|about")):
        if (root / name).is_file():
            for number, line in enumerate((root / name).read_text("utf-8").split("\n"), 1):
                if re.match(key, line):
                    numbers += in_line(line, name, number)
    return numbers


def in_readme(root: Path) -> list[Typed]:
    """The typed numbers of what a reader of the repository sees first; a mark stands there as a comment."""
    file = root / "README.md"
    if not file.is_file():
        return []
    text = re.sub(r"<!-- ((?:fixed|quoted): [^{}\n]*?) -->", r"{\1}", file.read_text("utf-8"))
    return in_page(text, "README.md")


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


def scan(root: Path = ROOT, holds: Callable[[str], bool] = bool) -> list[Typed]:
    """Every typed number on the pages, in their pictures and in the manifests of the site, marked or not; of pages and
    manifests those that `holds` is true of."""
    numbers = []
    for file in sorted((root / "docs").rglob("*.md")):
        if holds(name := f"docs/{file.relative_to(root / 'docs').as_posix()}"):
            numbers += in_page(file.read_text("utf-8"), name)
    numbers += in_pictures(root) + in_settings(root) + in_readme(root)
    snippets = root / "snippets"
    catalogs = (snippets / f"{name}.toml" for name in ("knobs", "famous", "symptoms"))
    for file in [*sorted(snippets.glob("[0-9]*-*.toml")), *catalogs]:
        if file.is_file() and holds(name := f"snippets/{file.name}"):
            numbers += in_manifest(file, name)
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
