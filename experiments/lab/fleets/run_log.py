"""What a run leaves in `logs/` beside its records: how long each server took to start, the log of each that died, and
what the time on the card went into. None of it names a path, a user or a host."""

import contextlib
import getpass
import json
import os
import platform
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from experiments.formats import strict_json
from experiments.formats.whole_file import write_whole
from experiments.lab.host import config, host_info
from experiments.lab.host.card_memory import Watched
from experiments.lab.records.other_host import folder_beside
from experiments.lab.servers.server import Server

LINES = 200  # of a dead server's log are kept
PATH = re.compile(r"(?<![\w./:-])(?:/[\w.@+~-]+){2,}/?")  # an absolute one of two parts or more, and no address


def anonymous(text: str) -> str:
    """Without paths, user and host name of this machine; of a path its last two parts stay."""
    text = text.replace(f"{config.ROOT}/", "")
    text = PATH.sub(_ending, text)
    for name, word in ((_user(), "USER"), (platform.node(), "HOST")):
        if len(name) > 2 and name != "root":  # which is nobody's name, and a word
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", word, text)
    return text


def _ending(path: re.Match) -> str:
    parts = path[0].strip("/").split("/")
    return ".../" + "/".join(parts[-2:] if len(parts) > 3 else parts[-1:])


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return os.environ.get("USER", "")


class RunLog:
    """Of one run. `stand` names what is up now; `spend` books the time of its block, in seconds of the wall clock."""

    def __init__(self, out: Path, tier: str, logs: str = "logs"):
        self.folder, self.tier = folder_beside(out, logs), tier
        self.stand = ""
        self.stands: dict[str, list[str]] = {}  # the fleets of each, "05 cache"
        self._starts: list[dict] = []
        self._held: dict[str, dict] = {}  # by stand, under a cap
        self._spent: dict[tuple[str, str, str], float] = defaultdict(float)
        self._began, self._clock = time.time(), time.monotonic()

    def started(self, label: str, server: Server) -> None:
        self._starts.append({
            "stand": self.stand, "server": label, "engine": server.spec.engine, "model": server.spec.model,
            "flags": list(server.spec.flags), "seconds": round(server.started_s or 0.0, 1),
            "ready_at": _utc(time.time()),
        })

    def died(self, label: str, server: Server) -> None:
        """Keep the end of its log, in a file of its own for each death; where the disk does not take it, the log that
        the line about the death names is all there is."""
        text = anonymous("\n".join(server.text().splitlines()[-LINES:]))
        with contextlib.suppress(OSError):  # else what keeps a log ends the measuring of everything after it
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(unused(self.folder / f"{self.stand}-{label}.log"), f"{text}\n")

    def held(self, watched: Watched) -> None:
        """What the card held in this stand: the most since it came up, where it is watched."""
        if watched.cap is not None and watched.most_gib is not None:
            before = self._held.get(self.stand, {}).get("most_gib", 0.0)
            most = max(before, round(watched.most_gib, 2))
            self._held[self.stand] = {"most_gib": most, "cap_gib": watched.cap}

    @contextlib.contextmanager
    def spend(self, what: str, experiment: str = "") -> Iterator[None]:
        """`what`: start, measure, or alone for what is measured with no server up."""
        begin = time.monotonic()
        try:
            yield
        finally:
            self._spent[what, experiment, self.stand] += time.monotonic() - begin

    def summary(self) -> dict:
        """Minutes: in all, of starts, of measuring with servers (warm-up is part of it), without servers, and of the
        rest, which is the card's probes and ends of servers; by experiment and by stand."""
        def total(what: str, experiment: str | None = None, stand: str | None = None) -> float:
            return round(sum(
                seconds for (kind, number, name), seconds in self._spent.items()
                if kind == what and experiment in (None, number) and stand in (None, name)
            ) / 60, 2)

        whole = round((time.monotonic() - self._clock) / 60, 2)
        booked = round(sum(self._spent.values()) / 60, 2)
        return {
            "began": _utc(self._began), "host": host_info.host()["id"], "tier": self.tier,
            "minutes": {"all": whole, "starts": total("start"), "measuring": total("measure"),
                        "without_servers": total("alone"), "rest": round(max(0.0, whole - booked), 2)},
            "experiments": {
                name: {"measuring": total("measure", name), "without_servers": total("alone", name)}
                for name in sorted({experiment for _, experiment, _ in self._spent if experiment})
            },
            "stands": [
                {"stand": name, "fleets": fleets, "starts": total("start", stand=name),
                 "measuring": total("measure", stand=name), **self._held.get(name, {})}
                for name, fleets in self.stands.items()
            ],
        }

    def close(self) -> list[str]:
        """Add this run to starts.json and run.json, and return the lines that say it. Nothing of a run that neither
        started a server nor was on a card."""
        if not self.stands and self.tier != "gpu" or not self._spent:
            return []
        self.folder.mkdir(parents=True, exist_ok=True)
        said = self.summary()
        append(self.folder / "starts.json", self._starts)
        append(self.folder / "run.json", [said])
        minutes = said["minutes"]
        lines = [
            f"{minutes['all']:.1f} min in all: {minutes['starts']:.1f} starts of servers, {minutes['measuring']:.1f} "
            f"measuring and warm-up, {minutes['without_servers']:.1f} without servers, {minutes['rest']:.1f} the rest"
        ]
        lines += [
            f"experiment {name}: {spent['measuring']:.1f} min measuring, {spent['without_servers']:.1f} without servers"
            for name, spent in said["experiments"].items()
        ]
        lines += [
            f"{stand['stand']}: {stand['starts']:.1f} min starts, {stand['measuring']:.1f} measuring "
            f"({', '.join(stand['fleets'])}){_most(stand)}"
            for stand in said["stands"]
        ]
        return lines


def _most(stand: dict) -> str:
    return f", the card held at most {stand['most_gib']:.1f} of {stand['cap_gib']:g} GiB" if "cap_gib" in stand else ""


def append(path: Path, entries: list[dict]) -> None:
    """To the list in a file; one that cannot be read is begun anew."""
    try:
        before = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        before = []
    write_whole(path, strict_json.write([*(before if isinstance(before, list) else []), *entries], indent=1) + b"\n")


def unused(path: Path) -> Path:
    """The path, or the first with a number that no file has."""
    found, number = path, 2
    while found.exists():
        found, number = path.with_name(f"{path.stem}-{number}{path.suffix}"), number + 1
    return found


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
