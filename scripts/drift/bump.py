"""`make bump ENGINE=vllm VERSION=0.33.0`: moves a pin, and with it what is the same in the other release or has moved.

An excerpt or hop that stands elsewhere under another name gets that path and symbol. One that changed or is gone stays
as it is and goes on the work list: only somebody who reads it can say what its notes and claims are worth now. Notes
and claims are never touched. Everything is worked out first and then written, all files or none; a file that was edited
meanwhile ends it. What was carried over is carried back by the bump to the old release, to the byte.
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.items import AbstractTable, AoT, Array, String

from scripts.common.errors import SiteError, run_cli
from scripts.drift import compare_releases, report
from scripts.drift.classify import Outcome, classify
from scripts.drift.compare_releases import HopQuote, Quote
from scripts.drift.release import Piece, Place, Release
from scripts.quotes import engine_defaults
from scripts.quotes import manifest as manifests
from scripts.sources import other_releases, pins
from scripts.sources.pins import ROOT, Pin
from scripts.sources.python_symbols import Tables

WORK = ".cache/bump"  # the work lists; ignored
PIN_KEYS = ("version", "tag", "artifact", "inside", "bytes", "unpacked_bytes", "sha256")


class Plan:
    """What a bump will write, and what it leaves. `files`: path in the repository -> the text it will have."""

    def __init__(self, root: Path):
        self.root = root
        self.before = {name: (root / name).read_bytes() for name in _inputs(root)}
        self.documents = {name: tomlkit.parse(content.decode("utf-8")) for name, content in self.before.items()}
        self.carried = self.rewritten = 0
        self.work: list[str] = []

    def files(self) -> dict[str, bytes]:
        """Only those that change."""
        texts = {name: tomlkit.dumps(document).encode("utf-8") for name, document in self.documents.items()}
        return {name: text for name, text in texts.items() if text != self.before[name]}

    def put(self, table: AbstractTable, key: str, value: str | int) -> None:
        """Sets a key, in the quotes that it has."""
        item = table[key]
        literal = isinstance(item, String) and item.as_string().startswith("'")
        if isinstance(value, str) and literal and "'" not in value:
            table[key] = tomlkit.string(value, literal=True)
        else:
            table[key] = value

    def write(self) -> None:
        """All files or none. Raises SiteError for a file that is not what it was when the plan was made."""
        for name, content in self.before.items():
            if not (self.root / name).is_file() or (self.root / name).read_bytes() != content:
                raise SiteError(f"{name}: was edited while the bump was worked out; nothing is written, run it again")
        if _inputs(self.root) != list(self.before):
            raise SiteError(f"{manifests.FOLDER}: a manifest came while the bump was worked out; run it again")
        fresh = {name: self.root / f"{name}.{os.getpid()}.new" for name in self.files()}
        done: list[str] = []
        try:
            for name, content in self.files().items():
                fresh[name].write_bytes(content)
            for name, file in fresh.items():
                os.replace(file, self.root / name)
                done.append(name)
        except BaseException as error:
            for name in done:
                (self.root / name).write_bytes(self.before[name])
            if isinstance(error, OSError):
                raise SiteError(f"{error.filename}: cannot be written ({error.strerror}); no file is changed") from None
            raise
        finally:
            for file in fresh.values():
                file.unlink(missing_ok=True)


def _inputs(root: Path) -> list[str]:
    names = sorted(path.name for path in (root / manifests.FOLDER).glob("[0-9]*-*.toml"))
    return [pins.FILE, *(f"{manifests.FOLDER}/{name}" for name in names)]


def work_out(engine: str, version: str, root: Path = ROOT) -> Plan:
    """Works a bump out and writes nothing. Raises SiteError."""
    plan = Plan(root)
    pin = report.pin_of(engine, pins.load(root))
    old_pin, new_pin = other_releases.at(pin, pin.version, root), other_releases.at(pin, version, root)
    other_releases.remember(old_pin, root)  # so that the way back asks no index
    old, new = Release(old_pin, root), Release(new_pin, root)
    for quote in compare_releases.quotes_of(engine, root):
        _carry(plan, quote, old, new)
    _carry_settings(plan, engine, old, new)
    table = plan.documents[pins.FILE][engine]
    for key in PIN_KEYS:
        plan.put(table, key, getattr(new_pin, key))
    return plan


def _carry(plan: Plan, quote: Quote, old: Release, new: Release) -> None:
    """Decides on one excerpt or hop."""
    table = _table(plan, quote)
    digest = str(table.get("digest", ""))
    if quote.kind == "excerpt" and digest and _digest(quote.piece, new) == digest:
        plan.carried += 1  # also what an earlier bump had to leave, and which now stands there again
        return
    try:
        outcome = classify(quote.piece, old, new)
    except SiteError as error:
        plan.work.append(f"{quote.manifest}: {quote.kind} {quote.id}: was open before the bump: {error}")
        return
    then, now = outcome.then, outcome.now
    stood = quote.kind == "hop" or then.digest == digest
    if stood and now and outcome.state in ("same", "moved") and _rewrite(plan, quote, table, outcome, now, old, new):
        plan.carried += 1
        return
    path = f", {then.path}:{then.first}" + (f" to {now.path}:{now.first}" if now else "")
    remark = f" ({outcome.remark})" if outcome.remark else ""
    state = outcome.state if stood else "open before the bump"
    plan.work.append(f"{quote.manifest}: {quote.kind} {quote.id}: {state}{path}{remark}")


def _rewrite(
    plan: Plan, quote: Quote, table: AbstractTable, outcome: Outcome, now: Place, old: Release, new: Release
) -> bool:
    """Writes path, symbol and digest into the plan where they differ; False where the way back would be another."""
    piece = quote.piece
    there = replace(piece, path=now.path, symbol=now.symbol)
    if (now.path, now.symbol) == (piece.path, piece.symbol.partition("#")[0].replace(".<locals>", "")):
        there = piece
    try:
        if new.locate(there).text != outcome.then.text:
            return False
        back = classify(there, new, old) if there != piece else outcome
    except SiteError:
        return False  # from, to or nth no longer lead to it
    if there != piece:
        if back.now is None or (back.now.path, back.now.symbol) != (piece.path, piece.symbol):
            return False
        plan.rewritten += 1
        if quote.kind == "hop":
            plan.put(table, "symbol", f"{now.path}::{now.symbol}")
        else:
            plan.put(table, "path", now.path)
            plan.put(table, "symbol", now.symbol)
    if quote.kind == "excerpt" and now.digest != outcome.then.digest:
        plan.put(table, "digest", now.digest)
    return True


def _digest(piece: Piece, release: Release) -> str:
    try:
        return release.locate(piece).digest
    except SiteError:
        return ""


def _table(plan: Plan, quote: Quote) -> AbstractTable:
    """The excerpt's or hop's table in the plan's document."""
    document = plan.documents[quote.manifest]
    if not isinstance(quote, HopQuote):
        return _by_id(document, "excerpt", quote.id.partition("/")[2])
    return _by_id(_by_id(document, "path", quote.path.id), "hop", quote.hop.id)


def _by_id(within: TOMLDocument | AbstractTable, key: str, name: str) -> AbstractTable:
    """The one of the tables `key` that has the id `name`. Raises SiteError for what is no list of tables."""
    tables = within[key]
    if isinstance(tables, (AoT, Array)):
        for table in tables:
            if isinstance(table, AbstractTable) and table["id"] == name:
                return table
    raise SiteError(f"[[{key}]] '{name}': is no table of its manifest; write it as one")


def _carry_settings(plan: Plan, engine: str, old: Release, new: Release) -> None:
    """A default that is read, and the same, in both releases is carried; any other is left to a reader."""
    for setting in engine_defaults.load_all(plan.root):
        if setting.engine != engine:
            continue
        values = [_default(setting, release.tables) for release in (old, new)]
        if values[0] == values[1]:
            plan.carried += 1
        else:
            name = f"{Path(setting.file).name.partition('-')[0]}/{setting.id}"
            plan.work.append(f"{setting.file}: setting {name}: default {values[0]} then, {values[1]} now")


def _default(setting: engine_defaults.Setting, tables: Tables) -> str:
    try:
        return engine_defaults.read(setting, tables).value
    except SiteError:
        return "not to be read"


def write_work(plan: Plan, pin: Pin, version: str) -> Path:
    """Writes the work list where git does not see it; returns the file."""
    lines = [f"{pin.name} {pin.version} to {version}", "", *plan.work, ""]
    lines += [
        f"Move {pin.name} in requirements/*.in and run `make lock`.",
        "Read what is listed, correct it and its notes, and run `make pin`.",
        "Record call paths and measure again: `make verify` refuses a record of another release.",
        "Then `make drift`.",
    ]
    target = plan.root / WORK / f"{pin.engine}-{version}.txt"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(lines) + "\n", "utf-8")
    return target


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.drift.bump", description="move a pin to another release")
    parser.add_argument("--engine", default="", help="an engine of snippets/pins.toml")
    parser.add_argument("--version", default="", help="the release to move to")
    arguments = parser.parse_args()
    if not (arguments.engine and arguments.version):
        raise SiteError("make bump: which engine to which release? write make bump ENGINE=vllm VERSION=0.33.0")
    pin = report.pin_of(arguments.engine, pins.load())
    if arguments.version == pin.version:
        print(f"{pin.name} {pin.version} is what is pinned; nothing to do")
        return
    plan = work_out(arguments.engine, arguments.version)
    plan.write()
    work = write_work(plan, pin, arguments.version)
    print("\n".join(f"  {line}" for line in plan.work))
    print(
        f"{pin.name} {pin.version} to {arguments.version}: {plan.carried} carried over, {plan.rewritten} of them"
        f" to another place; {len(plan.work)} left to you, listed in {work.relative_to(ROOT)}"
    )


if __name__ == "__main__":
    run_cli(main)
