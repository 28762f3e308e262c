"""How each post reads, counted: `make prose`. A post that was told anew is held to limits (rules/limits.toml).

The figures are those by which readers of other walkthroughs were found to differ: sentences turned round, words that
name nothing, how often the text speaks to its reader and gives an example, how long it is before the first code.
"""

import argparse
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.common import toml_tables
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.prose import post_text, style_rules
from scripts.prose.post_text import Paragraph, Post
from scripts.quotes import manifest

LIMITS = "scripts/prose/rules/limits.toml"
POSTS = "[0-9]*-*.md"
YOU = re.compile(r"\b(?:you|your|yours|we|our|us)\b", re.IGNORECASE)
EXAMPLE = re.compile(r"\bfor example\b|(?:^|[,;:(] ?)say\b", re.IGNORECASE)
RESULTS = ("Which metric proves it", "What does")  # sections that are about results, by how their titles begin


@dataclass(frozen=True)
class Figures:
    """A post's figures. Rates are per 1,000 words of what is read, folds included; `openings` a share in percent."""

    post: str
    words: int
    code_at: int | None
    replay_at: int | None
    results_share: float
    openings: float
    vague: float
    you: float
    example: float
    longest_result: int

    def row(self) -> tuple[str, ...]:
        def whole(number: int | None) -> str:
            return "-" if number is None else f"{number:,}"

        return (
            self.post, whole(self.words), whole(self.code_at), whole(self.replay_at), f"{self.results_share:.0f}%",
            f"{self.openings:.1f}%", f"{self.vague:.1f}", f"{self.you:.1f}", f"{self.example:.1f}",
            whole(self.longest_result),
        )  # fmt: skip


HEAD = (
    "post",
    "words",
    "code at",
    "replay at",
    "results",
    "inverted",
    "vague",
    "you, we",
    "for example",
    "result line",
)


def of(name: str, post: Post) -> Figures:
    """The figures of a post."""
    rules = style_rules.load()
    read = post.paragraphs
    words = sum(each.words for each in read) or 1
    sentences = [sentence for each in read for sentence in each.sentences()]
    text = "\n".join(each.text for each in read)
    results = sum(each.words for each in post.main if each.kind == "result" or each.section.startswith(RESULTS))
    longest = max((each.words for each in read if each.kind == "result"), default=0)
    return Figures(
        name[:2],
        post.main_words,
        post.before_code,
        post.before_replay,
        100 * results / (post.main_words or 1),
        100 * _count(rules["Inversion"], read) / (len(sentences) or 1),
        1000 * _count(rules["Vague"], read) / words,
        1000 * len(YOU.findall(text)) / words,
        1000 * len(EXAMPLE.findall(text)) / words,
        longest,
    )


def _count(rule: style_rules.Rule, paragraphs: Iterable[Paragraph]) -> int:
    return sum(1 for each in paragraphs for _ in rule.found(each))


def over(figures: Figures, limits: dict) -> list[str]:
    """What a post that was told anew does not keep to, a line each."""
    low, high = limits["words"]
    checks = [
        (low <= figures.words <= high, f"{figures.words:,} words of main text, not {low:,} to {high:,}"),
        (_by(figures.code_at, limits["code_by"]), f"first code after {figures.code_at} words, not {limits['code_by']}"),
        (_by(figures.replay_at, limits["replay_by"], True),
         f"replay after {figures.replay_at} words, not {limits['replay_by']}"),
        (figures.openings <= limits["openings_percent"],
         f"{figures.openings:.1f}% of sentences are turned round, at most {limits['openings_percent']}%"),
        (figures.vague <= limits["vague_per_1000"],
         f"{figures.vague:.1f} vague words in 1,000, at most {limits['vague_per_1000']}"),
        (figures.you >= limits["you_per_1000"],
         f"{figures.you:.1f} of you and we in 1,000 words, at least {limits['you_per_1000']}"),
        (figures.example >= limits["example_per_1000"],
         f"{figures.example:.1f} of for example and say in 1,000 words, at least {limits['example_per_1000']}"),
        (figures.longest_result <= limits["result_words"],
         f"a result line of {figures.longest_result} words, at most {limits['result_words']}"),
    ]  # fmt: skip
    return [text for right, text in checks if not right]


def _by(at: int | None, limit: int, none_is_fine: bool = False) -> bool:
    return none_is_fine if at is None else at <= limit


def posts(root: Path = ROOT) -> dict[str, Post]:
    """Every post by the stem of its file."""
    found = {}
    for path in sorted((root / "docs/posts").glob(POSTS)):
        excerpts = manifest.load(path.stem, root).excerpts if manifest.has(path.stem, root) else {}
        found[path.stem] = post_text.read(path.read_text("utf-8"), excerpts)
    return found


def main(argv: list[str] | None = None, root: Path = ROOT) -> int:
    """Prints the table, and what each rule finds; 1 where a post does not keep to its limits or a rule is an error."""
    parser = argparse.ArgumentParser(prog="scripts.prose.figures", description="how the posts read, counted")
    parser.add_argument("--post", metavar="NN", help="this post alone, with every place that a rule is about")
    options = parser.parse_args(argv)
    limits = toml_tables.parse((root / LIMITS).read_text("utf-8"), LIMITS)["told"]
    found = posts(root)
    if options.post and not any(name.startswith(options.post) for name in found):
        raise SiteError(f"--post {options.post}: no such post; there are {', '.join(name[:2] for name in found)}")
    chosen = {name: post for name, post in found.items() if not options.post or name.startswith(options.post)}
    rows: list[tuple[str, ...]] = [HEAD]
    bad: list[str] = []
    for name, post in chosen.items():
        figures = of(name, post)
        rows.append(figures.row())
        if name[:2] in limits["posts"]:
            bad += [f"docs/posts/{name}.md: {text}" for text in over(figures, limits)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    for name, post in chosen.items():
        told = name[:2] in limits["posts"]
        for rule in style_rules.load().values():
            for each in post.paragraphs:
                for message in rule.found(each):
                    line = f"docs/posts/{name}.md:{each.line}: {rule.name}: {message}"
                    if rule.level == "error" and told:
                        bad.append(line)
                    elif options.post:
                        print(line)
    print(*bad, sep="\n", end="\n" if bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    run_cli(main)
