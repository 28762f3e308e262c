"""What only a reader can judge: notes, hops' words, replays' words and marks, each with the lines that it speaks of;
and sentences whose words do not tell their values apart, each with what the claims say.

An id is the post's number, the kind, and the names in the manifest: "02/note/catch-up/cut", "02/hop/PATH/HOP",
"02/event/REPLAY/EVENT", "02/mark/REPLAY/MARK", "02/compare/COMPARE/MARK", "02/answer/COMPARE"; that of a sentence has
the claim and the values: "02/values/victim/last-all".
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.call_paths import call_path_lines
from scripts.catalog import value_sentences, value_words
from scripts.catalog.site_data import Evidence
from scripts.common.errors import SiteError
from scripts.quotes import compares, replays
from scripts.quotes import manifest as manifests
from scripts.quotes.excerpts import Resolved
from scripts.quotes.manifest import Manifest
from scripts.quotes.manifest_tables import CallPath, Compare, Excerpt, Hop, Replay
from scripts.quotes.recorded_steps import Run
from scripts.sources import python_text

VALUES = "values"
KINDS = {
    "note": "note/EXCERPT/NOTE",
    "hop": "hop/PATH/HOP",
    "event": "event/REPLAY/EVENT",
    "mark": "mark/REPLAY/MARK",
    "compare": "compare/COMPARE/MARK",
    "answer": "answer/COMPARE",
    VALUES: "values/CLAIM/VALUE-VALUE",
}
AROUND = 3  # lines shown above and below those that a text is about
_KEPT = "_reader_texts"


@dataclass(frozen=True)
class Lines:
    """What a text speaks of. `judged` is what its digest is made of, `shown` what a reader is shown, `at` where that
    is. Of several lines that read alike `judged` says which is meant, and not its number: that one shifts."""

    at: str
    judged: tuple[str, ...]
    shown: tuple[str, ...]
    link: str = ""


@dataclass(frozen=True)
class ReaderText:
    """A text with its lines; None where they cannot be found, which other checks tell. `doubt` is what a check found
    in it, with its place: such a text has to be confirmed."""

    id: str
    manifest: str
    text: str
    lines: Lines | None
    doubt: str = ""

    @property
    def post(self) -> str:
        return self.id.partition("/")[0]

    @property
    def kind(self) -> str:
        return self.id.split("/")[1]

    @property
    def digests(self) -> tuple[str, str]:
        """Of the text, whose line breaks mean nothing, and of the lines; "" for lines that are not there."""
        return _short(" ".join(self.text.split())), _short("\n".join(self.lines.judged)) if self.lines else ""


def of(evidence: Evidence) -> list[ReaderText]:
    """Every such text of what is looked at, in the order of posts and manifests. Raises SiteError for a manifest that
    cannot be read."""
    kept = evidence.__dict__.setdefault(_KEPT, [])
    if not kept:
        for manifest in manifests.load_all(evidence.root).values():
            if evidence.holds(manifest.file):
                kept += _of_manifest(manifest, evidence)
        kept += _sentences(evidence)
    return kept


def _of_manifest(manifest: Manifest, evidence: Evidence) -> Iterator[ReaderText]:
    for excerpt in manifest.excerpts.values():
        yield from _notes(excerpt, evidence)
    for path in manifest.paths:
        for hop in path.hops:
            name = f"{_number(manifest)}/hop/{path.id}/{hop.id}"
            text = f"{hop.does}\n{hop.crosses}".strip()
            yield ReaderText(name, manifest.file, text, _hop_lines(path, hop, evidence))
    for replay in replays.parse(manifest).values():
        yield from _replay(replay, manifest, evidence)
    for compare in compares.parse(manifest).values():
        yield from _compare(compare, manifest, evidence)


def _notes(excerpt: Excerpt, evidence: Evidence) -> Iterator[ReaderText]:
    try:
        resolved = evidence.resolver.resolve(excerpt)
    except SiteError:
        resolved = None
    for number, note in enumerate(excerpt.notes):
        lines = None
        if resolved:
            placed = resolved.notes[number]
            lines = _quoted(resolved, placed.first, placed.last, note.at)
        name = f"{Path(excerpt.file).name[:2]}/note/{excerpt.id}/{note.id}"
        yield ReaderText(name, excerpt.file, note.text, lines)


def _quoted(resolved: Resolved, first: int, last: int, at: str) -> Lines:
    """Lines of an excerpt. Which part of a line is meant, and which of equal lines of the function, counts too."""
    above = [*resolved.before, *resolved.lines]
    start = len(resolved.before) - resolved.first
    lines = above[start + first : start + last + 1]
    same = _nth(above[: start + first], lines)
    excerpt = resolved.excerpt
    shown = _numbered(resolved.lines, resolved.first, first, last)
    judged = (f"{excerpt.engine} {excerpt.path} {excerpt.symbol} {same}", " ".join(at.split()), *lines)
    return Lines(f"{excerpt.path}:{first}", judged, shown, resolved.pin.permalink(excerpt.path, first, last))


def _hop_lines(path: CallPath, hop: Hop, evidence: Evidence) -> Lines | None:
    """The hop's line, or its whole function."""
    try:
        symbol = evidence.tables.find(path.engine, hop.file, hop.symbol.partition("::")[2], path.where)
        text = evidence.sources.text(path.engine, hop.file, path.where)
        rows = python_text.lines(text)
        first, last, same = symbol.first, symbol.last, 0
        if hop.line:
            first = last = call_path_lines.line_number(text, hop.line, hop.nth, first, last, path.where)
            same = _nth(rows[symbol.first - 1 : first - 1], rows[first - 1 : first])
    except SiteError:
        return None
    shown = _numbered(rows[symbol.first - 1 : symbol.last], symbol.first, first, last)
    judged = (f"{path.engine} {hop.symbol} {same}", *rows[first - 1 : last])
    link = evidence.pins[path.engine].permalink(hop.file, first, last)
    return Lines(f"{hop.file}:{first} {hop.name}", judged, shown, link)


def _replay(replay: Replay, manifest: Manifest, evidence: Evidence) -> Iterator[ReaderText]:
    number = _number(manifest)
    try:
        ran = replays.check(replay, manifest, evidence.record(replay.record), evidence.resolver)
    except SiteError:
        ran = None
    for reason in replay.reasons:
        lines = None
        if ran:
            resolved, at = ran.lines[reason.event]
            lines = _quoted(resolved, at, at, reason.at)
        yield ReaderText(f"{number}/event/{replay.id}/{reason.event}", replay.file, reason.text, lines)
    for mark in replay.marks:
        lines = None
        if ran:
            says = [f"  {ran.says(event)}" for event in ran.data["steps"][mark.step]["events"]]
            judged, shown = _steps(ran.data["steps"], mark.step)
            lines = Lines(f"{replay.record}, step {mark.step}", (replay.record, *judged), (*says, *shown))
        yield ReaderText(f"{number}/mark/{replay.id}/{mark.id}", replay.file, mark.text, lines)


def _compare(compare: Compare, manifest: Manifest, evidence: Evidence) -> Iterator[ReaderText]:
    number = _number(manifest)
    names: list[str] = []
    runs: tuple[Run, ...] = ()
    try:
        names = [compares.record_of(side, compare, manifest) for side in (compare.a, compare.b)]
        checked = compares.check(compare, *map(evidence.record, names))
        runs = (checked.a, checked.b)
    except SiteError:
        pass
    for mark in compare.marks:
        parts = [_steps(run.steps, mark.step) for run in runs if mark.step <= run.last]
        judged = tuple(line for part in parts for line in part[0])
        shown = tuple(line for part in parts for line in part[1])
        lines = Lines(f"{' and '.join(names)}, step {mark.step}", (*names, *judged), shown) if runs else None
        yield ReaderText(f"{number}/compare/{compare.id}/{mark.id}", compare.file, mark.text, lines)
    given = tuple(f"  {run.name} {step['n']}: {_json(run.given(step['n']))}" for run in runs for step in run.steps)
    lines = Lines(f"{' and '.join(names)}, what each step gave", given, given) if runs else None
    text = f"{compare.question}\n{compare.right}\n{compare.because}"
    yield ReaderText(f"{number}/answer/{compare.id}", compare.file, text, lines)


def _sentences(evidence: Evidence) -> Iterator[ReaderText]:
    """Sentences in which words alone do not show that each value is the right one."""
    known: Counter[str] = Counter()
    for sentence in value_sentences.load(evidence.root, evidence.holds):
        if doubts := value_words.doubts(sentence, evidence):
            first = doubts[0]
            number = name[:2] if (name := Path(sentence.file).name)[:2].isdigit() else "00"
            id = f"{number}/{VALUES}/{first.claim}/{'-'.join(first.names)}"
            known[id] += 1
            claims = dict.fromkeys(found[1] for found in value_sentences.REFERENCE.finditer(sentence.text))
            says = tuple(f"{each}: {evidence.claims[each].data['sentence']}" for each in claims)
            more = f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else ""
            yield ReaderText(
                f"{id}-{known[id]}" if known[id] > 1 else id,
                sentence.file,
                sentence.text,
                Lines(f"{sentence.file}:{sentence.line}", says, says),
                f"{sentence.file}:{sentence.line}: {first.says}{more}",
            )


def _steps(steps: Sequence[dict], n: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(what is judged, what is shown) of a step: its events, and the state before and after it."""
    before = steps[n - 1]["state"] if n else {}
    after, events = steps[n]["state"], steps[n]["events"]
    shown = tuple(
        f"  {key}: {_json(before.get(key))} -> {_json(value)}"
        if before.get(key) != value
        else f"  {key}: {_json(value)}"
        for key, value in after.items()
    )
    return (str(n), _json(events), _json(before), _json(after)), shown


def _numbered(lines: Sequence[str], begins: int, first: int, last: int) -> tuple[str, ...]:
    """The lines from `first` to `last`, marked, with a few around them; `begins` is the number of lines[0]."""
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return tuple(
        f"{'>' if first <= number <= last else ' '}{number:5} {line[margin:]}"
        for number, line in enumerate(lines, begins)
        if first - AROUND <= number <= last + AROUND
    )


def _nth(above: Sequence[str], lines: Sequence[str]) -> int:
    """How many times the first of these lines stands above them, in the same function."""
    return sum(line.strip() == lines[0].strip() for line in above)


def _number(manifest: Manifest) -> str:
    return Path(manifest.file).name[:2]


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
