"""Several cards of one host, each measuring other experiments at the same time, in a process of its own.

A card is a host: all of an experiment is measured on one. What another card does shares the host's processors, which
are divided, and its memory's speed, which cannot be.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.fleets import run_log, suite_runner
from experiments.lab.host import config, host_info
from experiments.lab.records.other_host import folder_beside

COMMAND = (sys.executable, "-m", "experiments.lab")
END_S = 60  # for a card's run to end its servers


def named(number: str) -> str:
    """The visible card of that number, from 0, as CUDA_VISIBLE_DEVICES takes it. LabError when there is none."""
    there = host_info.cards()
    if not number.isdecimal() or int(number) >= len(there):
        numbers = ", ".join(map(str, range(len(there)))) or "none"
        raise LabError(f"--card {number}: this host has no such card; there are: {numbers}")
    return there[int(number)]


def how_many(asked: str) -> int:
    """Of `--cards`: a number, or all. LabError when it is neither, or more than there are."""
    there = len(host_info.cards())
    if asked == "all" and there:
        return there
    if not asked.isdecimal() or not 1 <= int(asked) <= there:
        raise LabError(f"--cards {asked}: give a number from 1 to {there}, or all; nvidia-smi names {there} cards here")
    return int(asked)


def use(number: str) -> None:
    """From here on this process and its children see that card alone."""
    # CUDA counts cards by speed unless told to count as nvidia-smi does.
    os.environ.update(CUDA_VISIBLE_DEVICES=named(number), CUDA_DEVICE_ORDER="PCI_BUS_ID")
    host_info.gpu.cache_clear()


def share_out(minutes: Mapping[str, float], cards: Sequence[str], begun: Mapping[str, str]) -> dict[str, list[str]]:
    """{card: its experiments}: whole ones, those that a card has `begun` to that card, of the others the longest first
    to the card with the least to do, of several the first."""
    shares: dict[str, list[str]] = {card: [] for card in cards}
    for experiment in sorted(minutes, key=lambda each: (each not in begun, -minutes[each], each)):
        load = {card: sum(minutes[each] for each in shares[card]) for card in cards}
        shares[begun.get(experiment) or min(cards, key=lambda card: load[card])].append(experiment)
    return {card: sorted(some) for card, some in shares.items() if some}


def processors(parts: int) -> list[set[int]]:
    """This process's processors in so many sets, neighbours together; each all of them where there are too few."""
    ours = sorted(os.sched_getaffinity(0))
    size = len(ours) // parts
    return [set(ours[size * part : size * (part + 1)]) for part in range(parts)] if size else [set(ours)] * parts


def begun(out: Path, wanted: Sequence[str], cards: Sequence[str]) -> dict[str, str]:
    """{experiment: the card, by number, that made records of it below `out`}, as far as one of these has."""
    hosts = {host_info.host_id(host_info.card(named(card))): card for card in cards}
    found = {}
    for experiment in wanted:
        for path in sorted((out / experiment).glob("*.json")):
            try:
                made_on = json.loads(path.read_text("utf-8"))["host"]["id"]
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if made_on in hosts:
                found[experiment] = hosts[made_on]
    return found


def measure(wanted: Sequence[str], count: int, out: Path, more: Sequence[str] = ()) -> list[str]:
    """Measure the GPU tier of the experiments on `count` cards. `more` are words for `measure` on each. The lines of
    what failed: a card's fault leaves the others alone, and its own lines are above."""
    minutes: dict[str, float] = {}
    failures = []
    for experiment in wanted:
        try:
            minutes[experiment] = sum(fleet.minutes for fleet in suite_runner.fleets(experiment, "gpu"))
        except LabError as error:
            failures.append(f"experiment {experiment}: {error}")
    cards = [str(number) for number in range(count)]
    shares = share_out(minutes, cards, begun(out, list(minutes), cards))
    running: dict[str, subprocess.Popen] = {}
    threads = []
    with suite_runner.ended_in_order():
        try:
            for (card, some), cores in zip(shares.items(), processors(len(shares)), strict=True):
                print(f"card {card}: experiments {', '.join(some)}, {len(cores)} processors", file=sys.stderr)
                running[card] = _start(card, some, cores, out, more)
                threads.append(threading.Thread(target=_forward, args=(card, running[card]), daemon=True))
                threads[-1].start()
            for card, process in running.items():
                if status := process.wait():
                    failures.append(f"card {card}: its run ended with status {status}; its lines are above")
        finally:
            for process in running.values():
                process.terminate()
            for process in running.values():
                try:
                    process.wait(END_S)
                except subprocess.TimeoutExpired:
                    process.kill()
            for thread in threads:
                thread.join()
            merge(out, list(shares))
    return failures


def _start(card: str, wanted: Sequence[str], cores: set[int], out: Path, more: Sequence[str]) -> subprocess.Popen:
    command = [*COMMAND, "measure", "--tier", "gpu", "--card", card, "--out", str(out)]
    return subprocess.Popen(
        [*command, *(word for experiment in wanted for word in ("--exp", experiment)), *more], cwd=config.ROOT,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        start_new_session=True,  # a Ctrl-C comes once, from here
        preexec_fn=lambda: os.sched_setaffinity(0, cores),  # and so for every server that it starts
    )


def _forward(card: str, process: subprocess.Popen) -> None:
    for line in process.stdout or ():
        print(f"card {card}: {line.rstrip()}", file=sys.stderr, flush=True)


def logs_of(card: str) -> str:
    """The folder, below the one for records, of what a card's run leaves besides."""
    return f"logs/card-{card}"


def merge(out: Path, cards: Sequence[str]) -> None:
    """Put what each card's run left into one `logs/`, with the card said."""
    for card in cards:
        folder = folder_beside(out, logs_of(card))
        for path in sorted(folder.glob("*")):
            if path.suffix == ".json":
                entries = [{"card": card, **each} for each in json.loads(path.read_text("utf-8"))]
                run_log.append(folder.parent / path.name, entries)
                path.unlink()
            else:
                path.rename(run_log.unused(folder.parent / f"card-{card}-{path.name}"))
        if folder.is_dir():
            folder.rmdir()
