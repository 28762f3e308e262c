"""Replays: a record of what an engine's own classes did, step by step, with the line of an excerpt that decided it.

A manifest's [[replay]] names the record, gives each event a line (`because`) and marks the moments worth a look.
Everything here is checked against the pinned release: the files that ran are its files, and a line that is said to
have decided something did run in every step in which that happened.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import structs

from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.quotes import manifest as manifests
from scripts.quotes.excerpts import Resolved, Resolver, place_of
from scripts.quotes.manifest import Manifest
from scripts.quotes.manifest_tables import Mark, Replay
from scripts.quotes.path_recordings import StoredRecord
from scripts.quotes.replay_steps import MEASURE, STATES, check_steps

FORMAT = 1
PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Checked:
    """A replay with its data, and the excerpt and line number that decided each event."""

    replay: Replay
    path: str
    data: dict = field(repr=False)
    lines: dict = field(repr=False)  # event -> (Resolved, number)

    def says(self, event: dict, template: str = "") -> str:
        """The event in words, by the manifest's text, or by a template made of it."""
        known = {"who": event.get("who", "")} | event.get("args", {})

        def value(placeholder: re.Match[str]) -> str:
            return shown(known[placeholder[1]])

        return PLACEHOLDER.sub(value, template or self.replay.because[event["event"]].text)


def shown(value: object) -> str:
    """A value of an event as it is read."""
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    return f"{value:,}" if type(value) is int else str(value)


def parse(manifest: Manifest) -> dict[str, Replay]:
    """The replays of a manifest by id, in file order. Raises SiteError for events, marks and ids that will not do."""
    replays = toml_tables.by_name(manifest.replays, manifest.file)
    for replay in replays.values():
        for reason in replay.reasons:
            if replay.because[reason.event] is not reason:
                raise SiteError(f"{replay.where}: because '{reason.event}': the event has two; keep one")
    return {
        name: structs.replace(replay, marks=in_order(replay.marks, replay.where)) for name, replay in replays.items()
    }


def in_order(marks: tuple[Mark, ...], where: str) -> tuple[Mark, ...]:
    """The marks in order of their steps. SiteError for none, and for two of one step or name."""
    if not marks:
        raise SiteError(f"{where}: marks no moment, so there is nothing to see without a script; add [[replay.mark]]")
    for number, mark in enumerate(marks):
        for other in marks[:number]:
            if mark.id == other.id or mark.step == other.step:
                what = "is called so too" if mark.id == other.id else f"marks step {mark.step} too"
                raise SiteError(f"{where}: mark '{mark.id}': mark '{other.id}' of step {other.step} {what}; change one")
    return tuple(sorted(marks, key=lambda mark: mark.step))


def load_all(root: Path = ROOT) -> list[tuple[Manifest, Replay]]:
    """Every replay of every manifest with its manifest, in file order."""
    return [(manifest, replay) for manifest in manifests.load_all(root).values() for replay in parse(manifest).values()]


def unused(replay: Replay, page: str = "any page") -> str:
    """The line that says a replay is shown nowhere; `page` is where it is missed."""
    return f"{replay.where}: is not used on {page}; write '/// replay | {replay.id}' there, or remove it"


def check(replay: Replay, manifest: Manifest, record: StoredRecord, resolver: Resolver) -> Checked:
    """The replay with the data of `record`. Raises SiteError for whatever does not fit."""
    where, source = f"{replay.where}: {record.path}", record.path
    data = record.data.get("extra", {}).get("replay")
    if not isinstance(data, dict):
        raise SiteError(f"{where}: holds no replay; name another record, or measure it with the replay's worker")
    if data.get("format") != FORMAT or data.get("kind") not in list(STATES):
        raise SiteError(
            f"{where}: is of format {data.get('format')!r}, kind {data.get('kind')!r}; this page knows "
            f"format {FORMAT} of the kinds {', '.join(STATES)}: {MEASURE}"
        )
    check_steps(data, where)
    engine = (record.data.get("engine") or {}).get("name", "")
    pin = resolver.sources.pin(engine, where)
    version = record.data["engine"]["version"]
    if version != pin.version:
        raise SiteError(f"{where}: was run on {pin.name} {version}, the page quotes {pin.version}; {MEASURE}")
    for path, digest in data["files"].items():
        if digest != resolver.sources.digest(engine, path, where):
            raise SiteError(f"{where}: {path} was run as another file than that of {pin.name} {pin.version}; {MEASURE}")
    for mark in replay.marks:
        if not 0 <= mark.step < len(data["steps"]):
            raise SiteError(
                f"{replay.where}: mark '{mark.id}': there is no step {mark.step} in {source}, which ends with step "
                f"{len(data['steps']) - 1}; mark another"
            )
    lines = _lines(replay, manifest, data, resolver, engine, source)
    checked = Checked(replay, source, data, lines)
    _check_events(checked, source)
    return checked


def _lines(replay: Replay, manifest: Manifest, data: dict, resolver: Resolver, engine: str, source: str) -> dict:
    """event -> (excerpt, number of the line that decided it), each seen to run wherever the event occurs."""
    decided: dict[str, tuple[Resolved, int]] = {}
    for because in replay.because.values():
        where = f"{replay.where}: because '{because.event}'"
        steps = [step for step in data["steps"] if any(event["event"] == because.event for event in step["events"])]
        if not steps:
            raise SiteError(f"{where}: no step of {source} has that event; correct or remove it")
        excerpt = resolver.resolve(manifest.excerpt(because.excerpt, where))
        first, length = place_of(because.at, excerpt.lines, excerpt.first, where)
        number = first + length - 1  # lines above it only say which of several equal ones is meant
        path = excerpt.excerpt.path
        if excerpt.excerpt.engine != engine or path not in data["files"]:
            raise SiteError(f"{where}: {path} was not watched in {source}; quote a file that was, or watch this one")
        for step in steps:
            ran = {line for name, lines in step["ran"].items() if name.partition("::")[0] == path for line in lines}
            if number not in ran:
                raise SiteError(
                    f"{where}: {path}:{number} did not run in step {step['n']} of {source}; choose a line that did"
                )
        decided[because.event] = (excerpt, number)
    return decided


def _check_events(checked: Checked, source: str) -> None:
    """Whether the manifest has words for every event, and the event what the words ask for."""
    for step in checked.data["steps"]:
        for event in step["events"]:
            name = event.get("event")
            if name not in checked.replay.because:
                raise SiteError(
                    f"{checked.replay.where}: step {step['n']} of {source} has the event '{name}', which has no "
                    "[[replay.because]]; add one with the line that decided it"
                )
            try:
                checked.says(event)
            except KeyError as error:
                raise SiteError(
                    f"{checked.replay.where}: because '{name}': its text asks for {{{error.args[0]}}}, which the event "
                    f"in step {step['n']} of {source} lacks; use one of {', '.join(['who', *event.get('args', {})])}"
                ) from None
