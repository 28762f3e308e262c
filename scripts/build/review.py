"""`make review`: texts that nobody has confirmed beside the lines they speak of, both side by side, and confirms them.

python -m scripts.build.review --post 02                                   shows them
python -m scripts.build.review --confirm 02/note/catch-up/cut --by handle  says that these were read, and are right
python -m scripts.build.review --post 02 --by handle                       asks, on a terminal, one by one
python -m scripts.build.review --lines                                     keeps the lines of new texts, for `make pin`
"""

import argparse
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from scripts.build.looked_at import LookedAt, Wrong
from scripts.catalog import reader_texts, reviews, text_lines, value_sentences
from scripts.catalog.reader_texts import ReaderText
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT

SHOWN = 40  # lines beside a text; a longer function is read at its address
YES, QUIT = ("y", "yes"), ("q", "quit")


def review(
    root: Path = ROOT,
    post: str | None = None,
    names: Sequence[str] = (),
    by: str = "",
    out: TextIO = sys.stdout,
    ask: Callable[[str], str] | None = None,
) -> None:
    """Shows what is unconfirmed, or the texts called `names`, and confirms the latter, or those that `ask` is answered
    "y" for. Raises SiteError for names without `by`, and for whatever does not fit."""
    if names and not by:
        raise SiteError(f"make review CONFIRM={','.join(names)}: says not who read them; add BY=your-handle")
    evidence = LookedAt(root, post)
    texts = [text for text in reader_texts.of(evidence) if post in (None, text.post)]
    kept = reviews.load(root)
    for line in reviews.faults(kept, texts, post):
        print(f"warning: {line}", file=out)
    if names:
        reviews.confirm(names, by, texts, root)
        for text in texts:
            if text.id in names:
                print(f"{side_by_side(text, f'confirmed by {by}')}\n", file=out)
    else:
        _walk(texts, kept, by, root, out, ask)
    of_posts = reviews.counts(texts, reviews.load(root))
    print(f"confirmed: {', '.join(reviews.told(of_posts))}", file=out)
    if not names and any(confirmed < count for confirmed, count in of_posts.values()):
        print("to confirm what you have read: make review CONFIRM=ID,ID BY=your-handle", file=out)


def check_reviews(evidence: LookedAt) -> tuple[int, str]:
    """For `make verify`: a note that nobody has confirmed is no fault. One at other lines than it was written for is,
    a confirmation of one that is gone or another now, and a sentence whose words do not tell its values apart."""
    texts = [text for text in reader_texts.of(evidence) if evidence.holds(text.manifest)]
    kept = reviews.load(evidence.root)
    wrong = reviews.faults(kept, texts, evidence.post)
    wrong += text_lines.faults(text_lines.load(evidence.root), texts, kept, evidence.post)
    if wrong:
        raise Wrong(wrong)
    confirmed = sum(not reviews.state(text, kept) for text in texts)
    sentences = len(value_sentences.load(evidence.root, evidence.holds))
    doubted = sum(text.kind == reader_texts.VALUES for text in texts)
    return len(texts), (
        f"texts that only a reader can judge, {confirmed} of them confirmed; make review shows the others; of "
        f"{sentences} sentences with values {sentences - doubted} have the words of each beside it, {doubted} a reader"
    )


def _walk(
    texts: Sequence[ReaderText],
    kept: dict[str, reviews.Review],
    by: str,
    root: Path,
    out: TextIO,
    ask: Callable[[str], str] | None,
) -> None:
    """Each answer is written at once: who stops in the middle has lost none."""
    post = ""
    for text in texts:
        state = reviews.state(text, kept)
        if not state:
            continue
        if text.post != post:
            post = text.post
            print(f"== {text.manifest}\n", file=out)
        print(f"{side_by_side(text, state)}\n", file=out)
        if ask and by and text.lines:
            try:
                answer = ask("Is the text true of these lines? [y/N/q] ").strip().lower()
            except (EOFError, KeyboardInterrupt):
                answer = QUIT[0]
            if answer in QUIT:
                print(file=out)
                return
            if answer in YES:
                reviews.confirm([text.id], by, texts, root)


def side_by_side(text: ReaderText, state: str, width: int = 0) -> str:
    """The text at the left, at the right the lines it speaks of, marked `>`, below what they are called. `width` is the
    terminal's, in characters; 0 asks it."""
    width = width or shutil.get_terminal_size((160, 24)).columns
    column = max(24, width * 2 // 5)
    rows = [f"{text.id}  ({state})"]
    if text.lines is None:
        return "\n".join([*rows, *textwrap.wrap(text.text, width), "the lines it speaks of are not found: make verify"])
    rows.append(" ".join(filter(None, (text.lines.at, text.lines.link))))
    left = [piece for line in text.text.split("\n") for piece in textwrap.wrap(line, column)]
    right = [
        piece
        for line in text.lines.shown[:SHOWN]
        for piece in textwrap.wrap(
            line, max(24, width - column - 3), subsequent_indent=" " * 8, drop_whitespace=False, break_on_hyphens=False
        )
    ]
    if (more := len(text.lines.shown) - SHOWN) > 0:
        right.append(f"      ... {more} more lines, at the address above")
    for number in range(max(len(left), len(right))):
        words = left[number] if number < len(left) else ""
        line = right[number] if number < len(right) else ""
        rows.append(f"{words:{column}} | {line}".rstrip())
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.build.review", description="texts that only a reader can judge, beside their lines"
    )
    parser.add_argument("--post", metavar="NN", help="only what that post's manifest holds")
    parser.add_argument("--confirm", metavar="ID,ID", default="", help="texts that you have read, and found right")
    parser.add_argument("--by", metavar="HANDLE", default="", help="who you are; on a terminal, asks one by one")
    parser.add_argument("--lines", action="store_true", help="keeps which lines new texts were written for")
    options = parser.parse_args()
    if options.lines:
        written, gone = text_lines.keep(reader_texts.of(LookedAt(ROOT)), ROOT)
        print(f"{text_lines.FILE}: lines of {written} texts written, of {gone} that are gone taken out")
        return
    names = options.confirm.replace(",", " ").split()
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    review(ROOT, options.post, names, options.by, ask=input if terminal else None)


if __name__ == "__main__":
    run_cli(main)
