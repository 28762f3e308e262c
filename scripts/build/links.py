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

from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.drift import comparison_files
from scripts.sources.pins import load
from scripts.sources.unpacked_sources import Sources

_PERMALINK = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+)/blob/([^/\"'<>\s]+)/([^\"'#?<>\s]+)(#[\w-]*)?")
_LINES = re.compile(r"#L(\d+)(?:-L(\d+))?$")
# Elements that make a browser fetch something; a link the reader clicks is none of them.
_LOADS = re.compile(
    r"<(?P<tag>script|img|iframe|source|video|audio|embed|object|track|input|use|image|link)\b(?P<attributes>[^>]*)>",
    re.I,
)
_ADDRESS = re.compile(
    r"""\b(?:src|srcset|data|poster|href|xlink:href)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.I
)
_RELATION = re.compile(r"""\brel\s*=\s*["']?([\w -]+)""", re.I)
_FETCHED = {
    "stylesheet",
    "preload",
    "modulepreload",
    "icon",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "manifest",
    "apple-touch-icon",
    "mask-icon",
    "shortcut icon",
}
_FOREIGN = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?//", re.I)
_CSS = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""", re.I)
_JS = re.compile(r"""["'`]((?:https?:)?//[\w.-]+\.[a-z]{2,}[^"'`\s]*)""")
# Addresses in Material's scripts that are used only for a page with a Mermaid diagram, for one opened from a disk, and
# to ask for a repository's stars, which theme/partials/source.html does not. The browser tests see none fetched.
KNOWN_IN_SCRIPTS = (
    "https://unpkg.com/mermaid@",
    "https://unpkg.com/resize-observer-polyfill",
    "https://unpkg.com/iframe-worker/",
    "https://api.github.com/",
    "https://github.com/",
    "https://gitlab.com/",
    "https://squidfunk.github.io/",
    "https://fonts.google",
    "http://www.w3.org/",
    "https://www.w3.org/",
    "https://zensical.org",
)


def pages(site: Path) -> list[Path]:
    """Every built page. Raises SiteError for a folder without any."""
    files = sorted(site.rglob("*.html"))
    if not files:
        raise SiteError(f"{site.name}/: holds no page; run `make site`")
    return files


def permalinks(text: str, pins: dict) -> set:
    """(engine, address, tag, path, first line, last line) of every link into a pinned repository; lines 0 without."""
    engines = {pin.repository: engine for engine, pin in pins.items()}
    links = set()
    for match in _PERMALINK.finditer(html.unescape(text)):
        repository, tag, path, fragment = match.groups()
        if repository in engines:
            lines = _LINES.match(fragment or "")
            first = int(lines[1]) if lines else 0
            links.add((engines[repository], match[0], tag, path, first, int(lines[2] or first) if lines else 0))
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
            count = len(sources.text(engine, path).splitlines())
        except SiteError as error:
            lines.append(f"{address}: {error}")
            continue
        if first > last or last > count or ("#" in address and not first):
            lines.append(f"{address}: {path} has {count} lines at {pin.tag}; correct the lines")
    return lines


def foreign_loads(text: str, kind: str) -> list[str]:
    """Addresses on other hosts that a browser would fetch for this page ("html"), style ("css") or script ("js")."""
    if kind == "css":
        return _CSS.findall(text)
    if kind == "js":
        return [address for address in _JS.findall(text) if not address.startswith(KNOWN_IN_SCRIPTS)]
    addresses = []
    for element in _LOADS.finditer(text):
        if element["tag"].lower() == "link":
            relation = _RELATION.search(element["attributes"])
            if not relation or relation[1].strip().lower() not in _FETCHED:
                continue
        for groups in _ADDRESS.findall(element["attributes"]):
            address = html.unescape(next(filter(None, groups), ""))
            addresses += [part for part in address.split(",") if _FOREIGN.match(part)]
    for style in re.findall(r"<style\b[^>]*>(.*?)</style>|\bstyle=\"([^\"]*)\"", text, re.S | re.I):
        addresses += foreign_loads("".join(style), "css")
    return addresses


def check_loads(site: Path) -> list[str]:
    """One line for each thing that a built file loads from another host."""
    lines = []
    for kind in ("html", "css", "js"):
        for file in sorted(site.rglob(f"*.{kind}")):
            for address in foreign_loads(file.read_text("utf-8", errors="replace"), kind):
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
