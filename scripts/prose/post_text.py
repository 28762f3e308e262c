"""A post as its reader reads it: paragraphs of its text and of its folds, in order, and where its first code stands.

Values (`{{claim.value}}`) count as one word, links as their text. Code, excerpts' lines and Evidence are no prose; the
notes of an excerpt that stands open are read beside the code, and belong to the text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scripts.pages.references import BLOCK, HEADING, REFERENCE, prose_lines
from scripts.quotes.manifest_tables import Excerpt

EVIDENCE = "Evidence"
KINDS = {"result": "result", "picture": "caption", "steps": "caption"}  # blocks whose content is read, and as what
AROUND = ("details", "sides")  # blocks whose content is text like the rest
FOLD = "details"
CODE, PLAYED = ("excerpt", "pseudo"), ("replay",)
MARK = re.compile(r"\{(?:fixed|quoted|[:.#])[^{}\n]*\}")
LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()\n]*(?:\([^()]*\)[^()\n]*)*\)|\[[^\[\]]*\])?")
ITEM = re.compile(r"^\s*(?:[-*]|\d+\.) ")
OPTION = re.compile(r" {4}([\w-]+): *(.*)")
SENTENCE = re.compile(r"(?<=[.!?:])[\"')\]]*\s+(?=[\"'(\[]*[A-Z0-9])")
VALUE = "123"  # what a value is read as


@dataclass(frozen=True)
class Paragraph:
    """Plain text, with the line of the file at which it begins. `kind`: text, item, table, result, caption, note."""

    line: int
    section: str
    kind: str
    text: str
    folded: bool = False

    @property
    def words(self) -> int:
        return len(words(self.text))

    def sentences(self) -> list[str]:
        """Its sentences; a row of a table has none."""
        return [] if self.kind == "table" else [part.strip() for part in SENTENCE.split(self.text) if part.strip()]


@dataclass
class Post:
    """What stands before Evidence. `before_code`, `before_replay`: words of the open text above them, None without."""

    paragraphs: list[Paragraph] = field(default_factory=list)
    before_code: int | None = None
    before_replay: int | None = None

    @property
    def main(self) -> list[Paragraph]:
        """What is read without opening anything."""
        return [each for each in self.paragraphs if not each.folded]

    @property
    def main_words(self) -> int:
        return sum(each.words for each in self.main)


@dataclass(frozen=True)
class _Line:
    """A line of prose. `block` is the innermost block that holds it, "" for none; `opens` the argument of the block
    whose header it is."""

    number: int
    text: str
    block: str
    folded: bool
    opens: str | None = None


def words(text: str) -> list[str]:
    """The words of a plain text: whatever has a letter or a digit."""
    return [word for word in text.split() if re.search(r"\w", word)]


def plain(text: str) -> str:
    """Markdown in words: a value as one number, marks gone, links as their text, inline code as it stands."""
    text = REFERENCE.sub(lambda found: "" if found[1].startswith("mark:") else VALUE, text)
    text = LINK.sub(r"\1", MARK.sub("", text))
    return re.sub(r"\*+|(?<!\w)_|_(?!\w)|`", "", text).strip()


def read(text: str, excerpts: dict[str, Excerpt] | None = None) -> Post:
    """The post of a Markdown text; `excerpts` of its manifest, by id, have the notes."""
    post, section, gathered = Post(), "", []  # type: ignore[var-annotated]

    def finish() -> None:
        if gathered and (told := plain(" ".join(ITEM.sub("", line.text).strip() for line in gathered))):
            first = gathered[0]
            post.paragraphs.append(Paragraph(first.number, section, _kind(first), told, first.folded))
        gathered.clear()

    for line in _lines(text):
        heading = HEADING.match(line.text.strip())
        if line.opens is not None or heading or line.text.startswith("# ") or not line.text.strip():
            finish()
            if heading and line.text.startswith("## "):
                section = heading[1]
                if section == EVIDENCE:
                    break
            if line.opens is not None and not line.folded:
                _opened(post, line, section, excerpts or {})
            continue
        if _kind(line) in ("item", "table"):
            finish()
        gathered.append(line)
    finish()
    return post


def _kind(line: _Line) -> str:
    if line.block in KINDS:
        return KINDS[line.block]
    return "table" if line.text.lstrip().startswith("|") else "item" if ITEM.match(line.text) else "text"


def _opened(post: Post, line: _Line, section: str, excerpts: dict[str, Excerpt]) -> None:
    """What a block adds that stands open: the place of the first code and of the replay, notes beside an excerpt."""
    if line.block in CODE and post.before_code is None:
        post.before_code = post.main_words
    if line.block in PLAYED and post.before_replay is None:
        post.before_replay = post.main_words
    if line.block == "excerpt" and line.opens in excerpts:
        for note in excerpts[line.opens].notes:
            post.paragraphs.append(Paragraph(line.number, section, "note", plain(note.text)))


def _lines(text: str) -> Iterator[_Line]:
    """The lines that are read, and the headers of blocks; without options, and without what a block holds that is not
    read."""
    rows = list(prose_lines(text))
    opened: list[str] = []  # names of blocks, the innermost last
    for index, (number, line) in enumerate(rows):
        if header := BLOCK.match(line):
            name = header[1].lower()
            options = _options(rows[index + 1 :])
            yield _Line(number, "", name, FOLD in opened or options.get("folded") == "true", header[2] or "")
            opened.append(name)
        elif line.strip().startswith("///"):
            if opened:
                opened.pop()
            yield _Line(number, "", "", False)
        elif opened and OPTION.match(line) and not ITEM.match(line):
            continue
        elif not opened or opened[-1] in (*KINDS, *AROUND):
            yield _Line(number, line, opened[-1] if opened else "", FOLD in opened)


def _options(rows: list[tuple[int, str]]) -> dict[str, str]:
    found = {}
    for _, line in rows:
        option = OPTION.match(line)
        if not option:
            break
        found[option[1]] = option[2].strip()
    return found
