"""`make site-zensical`: the prepared folder built by Zensical, which takes Material's place, and what differs then.

MkDocs builds the same folder beside it. Both sites get the steps of scripts/publish/ and are compared. What differs is
written to FILE; a page or an anchor that only MkDocs has is an error.
"""

import argparse
import collections
import os
import posixpath
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from experiments.formats.whole_file import write_whole
from scripts.build import compare_sites
from scripts.build.build_site import mkdocs_environment, run_mkdocs
from scripts.build.compare_sites import Difference
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.common.progress import Ticking
from scripts.environments import environment
from scripts.prepare import generator_settings
from scripts.prepare.folder import Folder
from scripts.publish import steps

FILE = "requirements/zensical-differences.txt"
PLACE = ".cache/zensical"
NEEDED = ("page", "anchor")  # the site is not there without
_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_ADDRESS = re.compile(r""" (href|src)=(["'])(?![#?/]|[a-zA-Z][\w+.-]*:)([^"']*)\2""")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.build.zensical_site", description="build the site with Zensical, and compare"
    )
    parser.add_argument("--write", action="store_true", help=f"write what differs to {FILE}")
    options = parser.parse_args()
    work = ROOT / PLACE
    sites = work / "mkdocs", work / "zensical"
    with Ticking("building the site twice"):
        build_both(ROOT, work / "pages", *sites)
    found = compare_sites.compare(*sites)
    text = told(found, version())
    if options.write:
        write_whole(ROOT / FILE, text)
    print(text.partition("\n\n")[0])
    lost = [difference for difference in found if difference.kind in NEEDED and difference.side < 0]
    if lost:
        raise SiteError(f"Zensical's site lacks {len(lost)} pages and anchors of MkDocs'; the first: {lost[0]}")
    return 0


def build_both(root: Path, pages: Path, mkdocs: Path, zensical: Path) -> None:
    """Builds the project at `root` into the two folders. Raises SiteError."""
    for folder in (pages, mkdocs, zensical):
        shutil.rmtree(folder, ignore_errors=True)
    Folder(root, pages).prepare()
    run_mkdocs(pages, mkdocs, root)
    for page in (pages / "docs").rglob("*.md"):
        name = page.relative_to(pages / "docs").as_posix()
        page.write_text(with_its_addresses(page.read_text("utf-8"), name), "utf-8")
    run_zensical(pages, zensical)
    for site in (mkdocs, zensical):
        steps.publish(site, root)


def run_zensical(pages: Path, into: Path) -> None:
    """Builds a prepared folder, whose addresses are as Zensical wants them. Raises SiteError with what it says."""
    python = environment.python_of(environment.ENVIRONMENTS["zensical"])
    settings = generator_settings.FILE
    done = subprocess.run(
        [str(python), "-m", "zensical", "build", "--clean", "--config-file", settings],
        cwd=pages,
        env=mkdocs_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise SiteError(f"Zensical built nothing: {said[-1] if said else 'it said nothing'}")
    os.replace(pages / "site", into)


def with_its_addresses(text: str, name: str) -> str:
    """A prepared page for Zensical: it takes every relative address, of HTML as well, for one from the source file on,
    and puts `../` before those of a page that is no index."""
    folder, stem = posixpath.split(name.removesuffix(".md"))
    if stem == "index":
        return text

    def from_source(address: re.Match[str]) -> str:
        path, fragment = re.fullmatch(r"([^?#]*)(.*)", address[3], re.S).groups()  # type: ignore[union-attr]
        way = posixpath.relpath(posixpath.join(folder, stem, path), folder or ".")
        slash = "/" if path.endswith("/") or path in ("", ".", "..") else ""
        return f" {address[1]}={address[2]}{way}{slash}{fragment}{address[2]}"

    return _TAG.sub(lambda tag: _ADDRESS.sub(from_source, tag[0]), text)


def version() -> str:
    """Zensical's version, as its lock has it."""
    lock = (ROOT / "requirements/zensical.txt").read_text("utf-8")
    found = re.search(r"(?m)^zensical==(\S+)", lock)
    return found[1] if found else "?"


def told(found: Iterable[Difference], number: str) -> str:
    """What differs, as a text: how much of each kind, then each thing once, with the pages that have it."""
    found = list(found)
    lines = [
        f"What Zensical {number} builds otherwise than MkDocs, of the same folder. Written by `make site-zensical`."
    ]
    lines += [f"{count:6} {compare_sites.KINDS[kind]}" for kind, count in compare_sites.count(found).items()]
    pages = collections.defaultdict(list)
    for each in found:
        pages[each.kind, each.side, each.what].append(each.page)
    lines += ["", "- only MkDocs has it, + only Zensical, ~ each its own way", ""]
    for (kind, side, what), where in pages.items():
        named = where[0] if len(where) == 1 else f"{len(where)} pages"
        lines.append(f"{'-~+'[side + 1]} {kind}, {named or 'the site'}: {what[:200]}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    run_cli(main)
