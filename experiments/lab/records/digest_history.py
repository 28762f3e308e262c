"""Finds the commit whose lab gives a digest that a record holds.

A commit's own code is asked, from a copy of its tree, since the rule of what a digest covers has changed with time. The
commits that records name come first, then those nearest to the time at which the records were measured.
"""

import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.records import source_digest
from experiments.lab.records.git_commit import ROOT, SOURCES, git

RECORDS = ("experiments/records", "experiments/drift", "experiments/local")
# Runs in a copy of a commit's tree: where its digest was defined, oldest place last, and what it took.
_ASK = """
import importlib, json, sys
sys.path.insert(0, ".")
for name in ("records.source_digest", "records.record_file", "records"):
    try:
        ask = importlib.import_module("experiments.lab." + name).source_digest
        break
    except (ImportError, AttributeError):
        pass
else:
    sys.exit("it has no digest")
found = {}
for experiment in sys.argv[1:]:
    for arguments in ((experiment, False), (experiment, True), (experiment,), ()):
        try:
            what = "call path" if arguments[1:] == (True,) else "measurements"
            found.setdefault(ask(*arguments), f"experiment {experiment}, {what}" if arguments else "every experiment")
        except TypeError:
            pass
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Holder:
    """A record that holds the digest: where it lies, when it was measured (seconds since 1970), the commit it names."""

    path: str
    digest: str
    started: float
    commit: str | None


@dataclass(frozen=True)
class Commit:
    """One of history: `made` in seconds since 1970."""

    id: str
    made: float
    subject: str


def find(asked: str, root: Path = ROOT, on_ask: Callable[[int, int], None] = lambda done, total: None) -> str:
    """One line about where a digest comes from, whole or its first eight digits or more. `on_ask` is told how many
    commits were asked, and of how many. LabError when no commit's lab gives it, or it is no digest."""
    start = _start(asked)
    holders = [each for each in holders_of(root) if each.digest.startswith(start)]
    if len(digests := sorted({each.digest for each in holders})) > 1:
        raise LabError(f"{asked}: {len(digests)} digests of records begin so: {', '.join(digests)}; give more digits")
    named = sorted({each.commit for each in holders if each.commit})
    if named and (line := _asked(_log(root, "--no-walk", "--ignore-missing", *named), start, root, on_ask)):
        return line
    for experiment in source_digest.experiments():
        for recording in (False, True):  # what is not committed yet has no commit
            if (here := source_digest.source_digest(experiment, recording)).startswith(start):
                what = "call path" if recording else "measurements"
                return f"{here}: the tree that is here, experiment {experiment}, {what}"
    commits = _by_distance(history(root), [each.started for each in holders])
    if line := _asked(commits, start, root, on_ask):
        return line
    line = f"{asked}: none of {len(commits)} commits has a lab of this digest"
    if holders:
        line += f"; {', '.join(each.path for each in holders[:3])} was measured with sources that were not committed"
    raise LabError(line)


def holders_of(root: Path) -> list[Holder]:
    """Every record below `root`, as far as provenance goes; a file that is no record is passed over."""
    holders = []
    for path in (path for folder in RECORDS for path in sorted((root / folder).rglob("*.json"))):
        try:
            record = json.loads(path.read_text("utf-8"))
            started = datetime.fromisoformat(record["started"].replace("Z", "+00:00")).timestamp()
            commit = (record.get("commit") or {}).get("id")
            holders.append(Holder(path.relative_to(root).as_posix(), record["lab"], started, commit))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return holders


def history(root: Path) -> list[Commit]:
    """The commits of every branch that changed the lab, newest first. LabError without git or its repository."""
    return _log(root, "--all", "HEAD", "--", SOURCES)


def _log(root: Path, *which: str) -> list[Commit]:
    try:
        text = git(root, "log", "--format=%H%x00%ct%x00%s", *which).decode("utf-8", "replace")
    except (OSError, subprocess.SubprocessError):
        raise LabError("digest: the commits cannot be searched; run it with git, in a clone of the site") from None
    rows = [line.split("\0") for line in text.splitlines()]
    return [Commit(id, float(made), subject) for id, made, subject in rows]


def digests_at(commit: str, root: Path) -> dict[str, str]:
    """{digest: what it is of} by the code of that commit; {} where it cannot be asked."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            packed = git(root, "archive", commit, SOURCES)
            with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
                tar.extractall(folder, filter="data")
            numbers = {path.name for path in Path(folder, SOURCES).glob("suites/*")}
            names = sorted({found[1] for name in numbers if (found := re.match(r"(?:exp|s)(\d\d)(?:_|\.py)", name))})
            command, env = [sys.executable, "-c", _ASK, *names], {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
            done = subprocess.run(command, cwd=folder, env=env, capture_output=True, check=True, timeout=60)
            return json.loads(done.stdout)
        except (OSError, subprocess.SubprocessError, ValueError, tarfile.TarError):
            return {}


def _asked(commits: list[Commit], start: str, root: Path, on_ask: Callable[[int, int], None]) -> str | None:
    """The line about the first of these commits whose lab gives a digest that begins so."""
    for done, commit in enumerate(commits):
        on_ask(done, len(commits))
        for digest, what in digests_at(commit.id, root).items():
            if digest.startswith(start):
                day = datetime.fromtimestamp(commit.made, UTC).strftime("%Y-%m-%d")
                return f"{digest}: commit {commit.id} of {day}, {what} ({commit.subject})"
    return None


def _start(asked: str) -> str:
    digits = asked.removeprefix("sha256:").lower()
    if not re.fullmatch(r"[0-9a-f]{8,64}", digits):
        raise LabError(f"{asked!r} is no digest; give sha256: and its 64 digits, or the first eight or more")
    return f"sha256:{digits}"


def _by_distance(commits: list[Commit], times: list[float]) -> list[Commit]:
    """Those nearest to one of the times first; as they come where there is none."""
    return sorted(commits, key=lambda commit: min((abs(commit.made - time) for time in times), default=0.0))
