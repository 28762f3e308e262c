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
from tomlkit.items import String

from scripts.common.errors import SiteError, run_cli
from scripts.drift import compare_releases, report
from scripts.drift.classify import Found, Piece, Release, classify
from scripts.drift.compare_releases import Asked
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

    def put(self, table, key: str, value) -> None:
        """Sets a key, in the quotes that it has."""
        item = table[key]
        if isinstance(item, String) and item.as_string().startswith("'") and "'" not in value:
            value = tomlkit.string(value, literal=True)
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


def plan(engine: str, version: str, root: Path = ROOT) -> Plan:
    """Works a bump out and writes nothing. Raises SiteError."""
    made = Plan(root)
    pin = report.pin_of(engine, pins.load(root))
    old_pin, new_pin = other_releases.at(pin, pin.version, root), other_releases.at(pin, version, root)
    other_releases.remember(old_pin, root)  # so that the way back asks no index
    old, new = Release(old_pin, root), Release(new_pin, root)
    for asked in compare_releases.asked_of(engine, root):
        _carry(made, asked, old, new)
    _carry_settings(made, engine, old, new)
    for key in PIN_KEYS:
        made.put(made.documents[pins.FILE][engine], key, getattr(new_pin, key))
    return made


def _carry(made: Plan, asked: Asked, old: Release, new: Release) -> None:
    """Decides on one excerpt or hop."""
    table = _table(made, asked)
    digest = str(table.get("digest", ""))
    if asked.kind == "excerpt" and digest and _digest(asked.piece, new) == digest:
        made.carried += 1  # also what an earlier bump had to leave, and which now stands there again
        return
    try:
        found = classify(asked.piece, old, new)
    except SiteError as error:
        made.work.append(f"{asked.manifest}: {asked.kind} {asked.id}: was open before the bump: {error}")
        return
    stood = asked.kind == "hop" or found.then.digest == digest
    if stood and found.state in ("same", "moved") and _rewrite(made, asked, table, found, old, new):
        made.carried += 1
        return
    path = f", {found.then.path}:{found.then.first}" + (f" to {found.now.path}:{found.now.first}" if found.now else "")
    remark = f" ({found.remark})" if found.remark else ""
    state = found.state if stood else "open before the bump"
    made.work.append(f"{asked.manifest}: {asked.kind} {asked.id}: {state}{path}{remark}")


def _rewrite(made: Plan, asked: Asked, table, found: Found, old: Release, new: Release) -> bool:
    """Writes path, symbol and digest into the plan where they differ; False where the way back would be another."""
    piece, now = asked.piece, found.now
    there = replace(piece, path=now.path, symbol=now.symbol)
    if (now.path, now.symbol) == (piece.path, piece.symbol.partition("#")[0].replace(".<locals>", "")):
        there = piece
    try:
        if new.locate(there).text != found.then.text:
            return False
        back = classify(there, new, old) if there != piece else found
    except SiteError:
        return False  # from, to or nth no longer lead to it
    if there != piece:
        if back.now is None or (back.now.path, back.now.symbol) != (piece.path, piece.symbol):
            return False
        made.rewritten += 1
        if asked.kind == "hop":
            made.put(table, "symbol", f"{now.path}::{now.symbol}")
        else:
            made.put(table, "path", now.path)
            made.put(table, "symbol", now.symbol)
    if asked.kind == "excerpt" and now.digest != found.then.digest:
        made.put(table, "digest", now.digest)
    return True


def _digest(piece: Piece, release: Release) -> str:
    try:
        return release.locate(piece).digest
    except SiteError:
        return ""


def _table(made: Plan, asked: Asked):
    """The excerpt's or hop's table in the plan's document."""
    document, name = made.documents[asked.manifest], asked.id.partition("/")[2]
    if asked.kind == "excerpt":
        return next(table for table in document["excerpt"] if table["id"] == name)
    path = next(table for table in document["path"] if table["id"] == asked.path.id)
    return next(table for table in path["hop"] if table["id"] == asked.hop.id)


def _carry_settings(made: Plan, engine: str, old: Release, new: Release) -> None:
    """A default that is read, and the same, in both releases is carried; any other is left to a reader."""
    for setting in engine_defaults.load_all(made.root):
        if setting.engine != engine:
            continue
        values = [_default(setting, release.tables) for release in (old, new)]
        if values[0] == values[1]:
            made.carried += 1
        else:
            name = f"{Path(setting.file).name.partition('-')[0]}/{setting.id}"
            made.work.append(f"{setting.file}: setting {name}: default {values[0]} then, {values[1]} now")


def _default(setting: engine_defaults.Setting, tables: Tables) -> str:
    try:
        return engine_defaults.read(setting, tables).value
    except SiteError:
        return "not to be read"


def write_work(made: Plan, pin: Pin, version: str) -> Path:
    """Writes the work list where git does not see it; returns the file."""
    lines = [f"{pin.name} {pin.version} to {version}", "", *made.work, ""]
    lines += [
        f"Move {pin.name} in requirements/*.in and run `make lock`.",
        "Read what is listed, correct it and its notes, and run `make pin`.",
        "Record call paths and measure again: `make verify` refuses a record of another release.",
        "Then `make drift`.",
    ]
    target = made.root / WORK / f"{pin.engine}-{version}.txt"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(lines) + "\n", "utf-8")
    return target


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.drift.bump", description="move a pin to another release")
    parser.add_argument("--engine", default="", help="an engine of snippets/pins.toml")
    parser.add_argument("--version", default="", help="the release to move to")
    asked = parser.parse_args()
    if not (asked.engine and asked.version):
        raise SiteError("make bump: which engine to which release? write make bump ENGINE=vllm VERSION=0.33.0")
    pin = report.pin_of(asked.engine, pins.load())
    if asked.version == pin.version:
        print(f"{pin.name} {pin.version} is what is pinned; nothing to do")
        return
    made = plan(asked.engine, asked.version)
    made.write()
    work = write_work(made, pin, asked.version)
    print("\n".join(f"  {line}" for line in made.work))
    print(
        f"{pin.name} {pin.version} to {asked.version}: {made.carried} carried over, {made.rewritten} of them to another"
        f" place; {len(made.work)} left to you, listed in {work.relative_to(ROOT)}"
    )


if __name__ == "__main__":
    run_cli(main)
