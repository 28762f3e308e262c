"""Which texts a reader has confirmed beside the lines they speak of: snippets/reviews.toml, by the text's id.

A line there has who it was, a digest of the text and one of the lines. As soon as either is another, the text counts as
unconfirmed, and has to be confirmed again: that somebody read another text, or beside other lines, is worth nothing. A
confirmation of a text that is gone is a fault too, and so is a text in doubt that nobody has confirmed.
"""

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from experiments.formats.whole_file import write_whole
from scripts.catalog import text_lines
from scripts.catalog.reader_texts import KINDS, ReaderText
from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.common.toml_tables import Table, refused

FILE = "snippets/reviews.toml"
NEW, TEXT, LINES, GONE = "not confirmed", "text changed", "lines changed", "lines not found"
_HEAD = """\
# Notes, hops' words, replays' words and marks that a reader has confirmed beside the lines they speak of; and sentences
# whose words do not tell their values apart, beside their claims. Each line has who, a digest of the text and one of
# the lines; where either is another now, the text has to be confirmed again.
# `make review POST=02` shows both side by side, `make review CONFIRM=ID BY=your-handle` writes a line here.
# Those by "fact-check 2026-11-30" were in a random sample of posts 1 to 3 that was held against releases and records;
# those by "values-check 2026-11-30" are all sentences in doubt of that day, held against their claims' own sentences.
"""
Short = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-f]{12}\Z",
        extra=refused("{key} '{value}' is no digest of 12 digits; restore it, or remove the line and review again"),
    ),
]
By = Annotated[
    str,
    Meta(
        pattern=r"^[\w@][\w@. -]{0,58}[\w.]\Z",
        extra=refused("by '{value}' is no handle of letters, digits, spaces and @._-; write 2 to 60 of them"),
    ),
]


class Review(Table, frozen=True):
    """That `by` has read the text of digest `text` beside the lines of digest `lines`."""

    KIND = "review"
    by: By
    text: Short
    lines: Short


def load(root: Path = ROOT) -> dict[str, Review]:
    """The reviews by id of what was read; none without a file. Raises SiteError for what does not fit."""
    file = root / FILE
    raw = toml_tables.parse(file.read_text("utf-8"), FILE) if file.is_file() else {}
    return {name: toml_tables.read(table, Review, f"{FILE}: review '{name}'") for name, table in raw.items()}


def state(text: ReaderText, reviews: dict[str, Review]) -> str:
    """ "" for a text that is confirmed, else why it is not."""
    review = reviews.get(text.id)
    words, lines = text.digests
    if not lines:
        return GONE
    if review is None:
        return NEW
    return TEXT if review.text != words else LINES if review.lines != lines else ""


def counts(texts: Iterable[ReaderText], reviews: dict[str, Review]) -> dict[str, tuple[int, int]]:
    """By post's number: (texts confirmed, texts)."""
    all_of, confirmed = Counter[str](), Counter[str]()
    for text in texts:
        all_of[text.post] += 1
        confirmed[text.post] += not state(text, reviews)
    return {post: (confirmed[post], count) for post, count in sorted(all_of.items())}


def told(counted: dict[str, tuple[int, int]]) -> list[str]:
    """What `counts` gives, in words: "3 of 94 in post 02"; manifests of number 00 are those of other pages."""
    return [
        f"{confirmed} of {count} {'on other pages' if post == '00' else f'in post {post}'}"
        for post, (confirmed, count) in counted.items()
    ]


def faults(reviews: dict[str, Review], texts: Sequence[ReaderText], post: str | None = None) -> list[str]:
    """A line for each review of a text that is not there, and for each that was of another text or of other lines; one
    for each text in doubt without a review. With `post` only of that post's."""
    known = {text.id for text in texts}
    lines = [
        f"{FILE}: review '{name}': {_unknown(name, texts)}; remove the line, and review what it is called now"
        for name in reviews
        if name not in known and (post is None or name.startswith(f"{post}/"))
    ]
    return lines + [line for text in texts if (line := _fault(text, reviews))]


def _fault(text: ReaderText, reviews: dict[str, Review]) -> str:
    """What is wrong with one text, or ""."""
    now, review = state(text, reviews), reviews.get(text.id)
    confirm = f"make review CONFIRM={text.id} BY=your-handle"
    if now and text.doubt:
        return (
            f"{text.doubt}; correct it, or use those words; if it is right as it stands, let a reader say so: {confirm}"
        )
    if review and now in (TEXT, LINES):
        what = "its text" if now == TEXT else "what it speaks of"
        at = f" ({text.lines.at})" if text.lines else ""
        return (
            f"{text.manifest}: {text.id}: {what}{at} is another than {review.by} confirmed; read both: {confirm}; or "
            f"remove its line from {FILE}"
        )
    return ""


def confirm(names: Sequence[str], by: str, texts: Sequence[ReaderText], root: Path = ROOT) -> None:
    """Writes that `by` has read these texts beside their lines. Raises SiteError, and writes nothing, for a name that
    no text has and for one whose lines are not found."""
    reviews, known = load(root), {text.id: text for text in texts}
    for name in names:
        where = f"make review CONFIRM={name}"
        if name not in known:
            raise SiteError(f"{where}: {_unknown(name, texts)}; make review lists them")
        words, lines = known[name].digests
        if not lines:
            raise SiteError(f"{where}: the lines it speaks of are not found; make verify says why, mend that first")
        reviews[name] = toml_tables.read({"by": by, "text": words, "lines": lines}, Review, where)
    rows = [
        f'"{name}" = {{ by = "{one.by}", text = "{one.text}", lines = "{one.lines}" }}\n'
        for name, one in sorted(reviews.items())
    ]
    write_whole(root / FILE, _HEAD + "".join(rows))
    text_lines.keep(texts, root, names)


def _unknown(name: str, texts: Sequence[ReaderText]) -> str:
    """Why no text is called so."""
    post, _, rest = name.partition("/")
    kind = KINDS.get(rest.partition("/")[0])
    posts = sorted({text.post for text in texts})
    if not kind or kind.count("/") != rest.count("/"):
        return f"is no place of a text, such as {posts[0] if posts else '02'}/{' or '.join(KINDS.values())}"
    if post not in posts:
        return f"post {post} has no such texts (posts with some: {', '.join(posts) or 'none'})"
    of_kind = f"{post}/{rest.partition('/')[0]}/"
    near = difflib.get_close_matches(name, [text.id for text in texts if text.id.startswith(of_kind)], 2)
    return f"post {post} has no such {of_kind.split('/')[1]}" + (f" (near it: {', '.join(near)})" if near else "")
