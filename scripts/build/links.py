"""`make links`: links and fragments of the built site, permalinks against the pinned sources, and what pages load.

lychee reads the built pages, notebook pages included, without network. A permalink to an engine's repository is
checked against the pinned artifact: tag, file and lines exist there. Links to other sites are checked weekly in CI.
"""

import argparse
import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser

from scripts.build.page_loads import foreign_loads, in_notebook
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.drift import comparison_files
from scripts.sources.pins import load
from scripts.sources.unpacked_sources import Sources

_PERMALINK = re.compile(
    r"https?://(?:(?:www\.)?github\.com/(?P<repository>[\w.-]+/[\w.-]+)/(?:blob|blame|raw|tree|edit)/"
    r"|raw\.githubusercontent\.com/(?P<raw>[\w.-]+/[\w.-]+)/(?:refs/tags/)?)"
    r"(?P<tag>[^/\"'<>\s?#]+)/(?P<path>[^\"'#?<>\s]+)(?:\?[^\"'#<>\s]*)?(?P<fragment>#[\w-]*)?",
    re.I,
)
_LINES = re.compile(r"#L(\d+)(?:C\d+)?(?:-L(\d+)(?:C\d+)?)?$")


def pages(site: Path) -> list[Path]:
    """Every built page. Raises SiteError for a folder without any."""
    files = sorted(site.rglob("*.html"))
    if not files:
        raise SiteError(f"{site.name}/: holds no page; run `make site`")
    return files


def permalinks(text: str, pins: dict) -> set:
    """(engine, address, tag, path, first line, last line) of every link into a pinned repository; lines 0 without."""
    engines = {pin.repository.lower(): engine for engine, pin in pins.items()}
    links = set()
    for match in _PERMALINK.finditer(html.unescape(text)):
        repository = (match["repository"] or match["raw"]).lower()
        if repository in engines:
            lines = _LINES.match(match["fragment"] or "")
            first = int(lines[1]) if lines else 0
            last = int(lines[2] or first) if lines else 0
            links.add((engines[repository], match[0], match["tag"], unquote(match["path"]), first, last))
    return links


def wrong_permalinks(links: set, sources: Sources, compared: dict | None = None) -> list[str]:
    """One line for each permalink that leads nowhere in the pinned release.

    `compared` maps the tag of another release to the (path, first line, last line) that a comparison found in it.
    """
    lines = []
    for engine, address, tag, path, first, last in sorted(links):
        pin = sources.pins[engine]
        if (path, first, last) in (compared or {}).get((engine, tag), ()):
            continue
        if tag != pin.tag:
            lines.append(f"{address}: the pin is {pin.tag}, not {tag}; link to the pinned tag")
            continue
        if not path.endswith(".py"):
            continue  # only Python files are unpacked
        try:
            count = _lines(sources.content(engine, path))
        except SiteError as error:
            lines.append(f"{address}: {error}")
            continue
        if "#" in address and not first:
            lines.append(f"{address}: its fragment names no lines; write #L2 or #L2-L5")
        elif first > last or last > count:
            lines.append(f"{address}: {path} has {count} lines at {pin.tag}; correct the lines")
    return lines


def _lines(content: bytes) -> int:
    """How many lines a file has where it is shown: a form feed ends none, nor does what follows the last line feed."""
    return content.count(b"\n") + (not content.endswith(b"\n"))


def check_loads(site: Path) -> list[str]:
    """One line for each thing that a built file loads from another host than the site's, which its 404 page names."""
    lines = []
    index = LexborHTMLParser((site / "index.html").read_text("utf-8", errors="replace"))
    canonical = index.css_first('link[rel="canonical"]')
    own = (canonical.attributes.get("href") or "" if canonical else "") or "nothing"
    for file in sorted(site.rglob("*.ipynb")):
        for address in in_notebook(file):
            lines.append(f"{file.relative_to(site)}: loads {address[:120]} from another host; run the notebook again")
    for kind in ("html", "css", "js"):
        for file in sorted(site.rglob(f"*.{kind}")):
            for address in foreign_loads(file.read_text("utf-8", errors="replace"), kind):
                if address.startswith(own):
                    continue
                lines.append(
                    f"{file.relative_to(site)}: loads {address[:120]} from another host; keep it in docs/assets/"
                )
    return lines


def find_lychee() -> str:
    """The lychee of this environment. Raises SiteError when there is none."""
    here = Path(sys.executable).parent / "lychee"
    lychee = str(here) if os.access(here, os.X_OK) else shutil.which("lychee")
    if not lychee:
        raise SiteError("lychee: not installed; run `make env`")
    return lychee


def dead_links(site: Path) -> tuple[int, list[str]]:
    """(links looked at, one line for each that leads nowhere), fragments included, by lychee without network."""
    # The 404 page is served at any depth, so its links are absolute, from the address the site is published at.
    done = subprocess.run(
        [
            find_lychee(),
            "--offline",
            "--include-fragments",
            "--no-progress",
            "--format",
            "json",
            "--root-dir",
            str(site.resolve()),
            "--index-files",
            "index.html",
            "--exclude-path",
            r"(^|/)404\.html$",
            "--",
            str(site.resolve() / "**/*.html"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=site,
    )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise SiteError(
            f"lychee: {(done.stderr or done.stdout).strip().splitlines()[-1:] or 'said nothing'}; run `make env`"
        ) from None
    lines = []
    for page, wrong in sorted(report.get("error_map", {}).items()):
        for link in wrong:
            target = link["url"].replace(f"file://{site.resolve()}", "")
            lines.append(f"{os.path.relpath(page, site)}: {target}: {link['status'].get('text', 'leads nowhere')}")
    if report.get("total", 0) < len(pages(site)):
        raise SiteError(
            f"lychee: looked at {report.get('total', 0)} links on {len(pages(site))} pages; is {site.name}/ whole?"
        )
    return report["total"], lines


def check(site: Path, root: Path = ROOT) -> str:
    """What was looked at, in a line. Raises SiteError with one line for each fault."""
    texts = [page.read_text("utf-8") for page in pages(site)]
    count, wrong = dead_links(site)
    pins = load(root)
    links = set().union(*(permalinks(text, pins) for text in texts))
    wrong += wrong_permalinks(links, Sources(pins, root), comparison_files.places(root))
    wrong += check_loads(site)
    if wrong:
        raise SiteError("\n".join(wrong))
    return (
        f"{count} links on {len(texts)} pages, {len(links)} permalinks into the pinned releases; "
        "nothing is loaded from another host"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.build.links", description="checks the links of the built site"
    )
    parser.add_argument("--site", type=Path, default=ROOT / "site", help="the built site (default: site/)")
    print(check(parser.parse_args().site.resolve()))


if __name__ == "__main__":
    run_cli(main)
