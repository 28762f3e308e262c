"""`make bench`: the times and weights this project promises, measured in one run on a copy of the site.

Compared things are timed in turn, medians are compared, and a figure that a busy machine can spoil is a ratio.
`--quick` leaves out Lighthouse and the measurements that start an engine, which take minutes.
"""

import argparse
import functools
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from experiments.formats.whole_file import write_whole
from scripts.browser import (
    benchmark_calibration,
    benchmark_checks,
    benchmark_commands,
    benchmark_pages,
    benchmark_sites,
)
from scripts.browser.benchmark_figures import Figures
from scripts.build import build_site
from scripts.build.build_site import what_failed
from scripts.common.errors import SiteError, run_cli
from scripts.common.progress import Ticking

QUIET = {"NO_MKDOCS_2_WARNING": "1"}


def build_seconds(site: Path) -> tuple[float, float]:
    """(seconds of processor, seconds) of a clean build in a process of its own. Raises SiteError when it fails."""
    for name in ("mkdocs-jupyter", "notebooks", "templates"):
        shutil.rmtree(site / ".cache" / name, ignore_errors=True)
    ours = (site / "scripts").exists()
    command = ["scripts.build.build_site", "--root", ".", "--into", "site"] if ours else ["mkdocs", "build", "--clean"]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=site,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **QUIET},
    )
    if done.returncode:
        raise SiteError(f"bench: {site.name} was not built: {what_failed(done.stdout + done.stderr)}; run `make site`")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return processor, time.perf_counter() - started


def builds(figures: Figures, ours: Path, plain: Path, rounds: int) -> None:
    times: dict[Path, list[tuple[float, float]]] = {ours: [], plain: []}
    for number in range(rounds):
        for site in (ours, plain) if number % 2 == 0 else (plain, ours):
            times[site].append(build_seconds(site))
    # The processor's time of all its processes, which a busy machine spoils less than the clock: that ours makes its
    # pages on several cores is in the clock alone.
    mine, twin = (statistics.median(processor for processor, _ in times[site]) for site in (ours, plain))
    walls = [statistics.median(clock for _, clock in times[site]) for site in (ours, plain)]
    detail = f"processor {mine:.2f} s, twin {twin:.2f} s; clock {walls[0]:.2f} s, {walls[1]:.2f} s; {rounds} rounds"
    figures.add("clean build, against the plain twin", "x", 1.5, mine / twin, detail)


def fetch(url: str) -> str:
    """The page's text; "" while the server does not answer."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, OSError):
        return ""


def shows(url: str, text: str) -> bool:
    """Whether the page holds `text`."""
    return text in fetch(url)


def rebuilds(figures: Figures, site: Path, edits: int) -> None:
    """Time from saving a post to the new page being served, as `make serve` does it."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "scripts.build.serve", "--root", ".", "--port", str(port)],
        cwd=site,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **QUIET},
    )
    url = f"http://127.0.0.1:{port}/{benchmark_sites.post_address(site, 3)}"
    page = site / "docs" / f"{benchmark_sites.post_address(site, 3).rstrip('/')}.md"
    text = page.read_text("utf-8")
    try:
        wait_for(functools.partial(shows, url, "<h1"), 120, server)
        times = []
        for number in range(edits + 1):
            time.sleep(1)
            marker = f"Edited for the benchmark, {number}."
            page.write_text(text.replace("\n## ", f"\n{marker}\n\n## ", 1), "utf-8")
            started = time.perf_counter()
            wait_for(functools.partial(shows, url, marker), 60, server)
            times.append(time.perf_counter() - started)
        figures.add(
            "rebuild after one edited post, serving",
            "s",
            2,
            statistics.median(times[1:]),
            f"7 posts, 7 notebooks, {edits} edits, worst {max(times[1:]):.2f} s",
        )
    finally:
        page.write_text(text, "utf-8")
        server.terminate()
        server.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(happened: Callable[[], bool], seconds: float, server: subprocess.Popen) -> None:
    """Polls until `happened()`. Raises SiteError after `seconds`, or when the server has ended."""
    ends = time.monotonic() + seconds
    while not happened():
        if server.poll() is not None or time.monotonic() > ends:
            raise SiteError("bench: the server did not show the edited page; run `make serve` and look at what it says")
        time.sleep(0.02)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.browser.benchmark", description="measures what this project promises of itself"
    )
    parser.add_argument("--quick", action="store_true", help="leave out what starts an engine, and Lighthouse")
    parser.add_argument("--tests", action="store_true", help="time `make test` too, which takes minutes")
    parser.add_argument("--rounds", type=int, default=3, help="builds of each site (default 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table as JSON, too")
    arguments = parser.parse_args()
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        work = Path(folder)
        ours, plain = work / "ours", work / "plain"
        benchmark_sites.make(ours)
        benchmark_sites.make_plain(plain, ours)
        with Ticking("building"):
            builds(figures, ours, plain, arguments.rounds)
        rebuilds(figures, ours, edits=5)
        benchmark_commands.excerpts(figures, arguments.rounds)
        benchmark_checks.verify(figures)
        benchmark_commands.comparisons(figures)
        with Ticking("building"):
            build_site.build(ours / "site", ours)
        benchmark_pages.measure(figures, ours, with_lighthouse=not arguments.quick)
        benchmark_calibration.ranges(figures)
        with Ticking("letting runs fail"):
            benchmark_checks.faults(figures)
        if not arguments.quick:
            benchmark_commands.engine_runs(figures, work)
        if arguments.tests:
            benchmark_checks.tests(figures)
    if arguments.json:
        table = {"schema": "bench/1", "cores": os.cpu_count(), "figures": figures.rows}
        write_whole(arguments.json, json.dumps(table, indent=1) + "\n")
    failed = [row for row in figures.rows if row["ok"] is False]
    return 1 if failed else 0


if __name__ == "__main__":
    run_cli(main)
