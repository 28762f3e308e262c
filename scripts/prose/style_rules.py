"""The rules of style, data in scripts/prose/rules/*.yml, in the form that the linter Vale has for its own.

Three of its kinds are read: `existence` (words that must not stand there), `substitution` (`swap`: what to write
instead) and `occurrence` (at most `max` of `token`). Vale itself is not started: its package is a script that fetches
the program from another host when it is first run, and a check must pass without. `questions: false` is ours: a
question may open as it likes.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts.common.errors import SiteError
from scripts.prose.post_text import Paragraph

RULES = Path(__file__).parent / "rules"
KEYS = {
    "existence": {"tokens"},
    "substitution": {"swap"},
    "occurrence": {"token", "max"},
}
COMMON = {"extends", "message", "level", "scope", "ignorecase", "questions"}
LEVELS = ("suggestion", "warning", "error")


@dataclass(frozen=True)
class Rule:
    """A rule. `patterns` are what it looks for, each with what to write instead ("" where that is open)."""

    name: str
    extends: str
    message: str
    level: str
    by_sentence: bool
    questions: bool
    patterns: tuple[tuple[re.Pattern[str], str], ...]
    most: int = 0

    def found(self, paragraph: Paragraph) -> Iterator[str]:
        """A message for each place of a paragraph that the rule is about."""
        for text in paragraph.sentences() if self.by_sentence else [paragraph.text]:
            if not self.questions and text.rstrip("\"')*").endswith("?"):
                continue
            if self.extends == "occurrence":
                count = len(self.patterns[0][0].findall(text))
                if count > self.most:
                    yield f"{self.message % count}: {text[:60]} ..."
                continue
            for pattern, instead in self.patterns:
                for match in pattern.finditer(text):
                    yield self.message % ((instead, match[0]) if instead else match[0])


@functools.cache
def load(folder: Path = RULES) -> dict[str, Rule]:
    """The rules by name. SiteError for a file that is no rule."""
    return {path.stem: _rule(path) for path in sorted(folder.glob("*.yml"))}


def _rule(path: Path) -> Rule:
    where = f"{path.parent.name}/{path.name}"
    try:
        data: Any = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise SiteError(f"{where}: is no YAML ({str(error).splitlines()[0]}); correct it") from None
    kind = data.get("extends") if isinstance(data, dict) else None
    if kind not in KEYS:
        raise SiteError(f"{where}: extends {kind!r}; the kinds that are read are {', '.join(KEYS)}")
    if wrong := (set(data) ^ KEYS[kind]) - COMMON:
        raise SiteError(f"{where}: key '{min(wrong)}' is unknown or missing; {kind} has {', '.join(KEYS[kind])}")
    if data.get("level", "warning") not in LEVELS:
        raise SiteError(f"{where}: level {data['level']!r}; write one of {', '.join(LEVELS)}")
    try:
        patterns = tuple(_patterns(kind, data))
    except re.error as error:
        raise SiteError(f"{where}: {error.pattern!r} is no regular expression ({error}); correct it") from None
    return Rule(
        path.stem,
        kind,
        data.get("message", "%s"),
        data.get("level", "warning"),
        data.get("scope") == "sentence",
        data.get("questions", True),
        patterns,
        data.get("max", 0),
    )


def _patterns(kind: str, data: dict[str, Any]) -> Iterator[tuple[re.Pattern[str], str]]:
    flags = re.IGNORECASE if data.get("ignorecase") else re.NOFLAG
    if kind == "occurrence":
        yield re.compile(data["token"], flags), ""
    elif kind == "substitution":
        for pattern, instead in data["swap"].items():
            yield re.compile(rf"\b(?:{pattern})\b", flags), instead
    else:
        for token in data["tokens"]:
            yield re.compile(token if token.startswith("^") else rf"\b(?:{token})\b", flags), ""
