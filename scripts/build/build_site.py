"""`make site`: the strict static build, whole in its folder or not there at all.

scripts/prepare/ writes the pages and MkDocs the site, next to the folder it shall end in; scripts/publish/ does there
what comes after it. Only a build that succeeded takes the folder's place. Of a failed one the lines that say what is
wrong are shown, not MkDocs' traceback.
"""

import argparse
import functools
import os
import re
import shutil
import time
from pathlib import Path

from scripts.build import file_checks, mkdocs_once
from scripts.common import short_lived, side_by_side
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.common.progress import Ticking
from scripts.prepare import generator_settings
from scripts.prepare.folder import Folder
from scripts.publish import steps


def what_failed(output: str) -> str:
    """The telling lines of MkDocs' output: the error this project raised, else MkDocs' own errors and warnings."""
    ours = re.findall(r"(?m)^(?:\S+\.)?(?:SiteError|PluginError|ConfigurationError): (.+)$", output)
    if ours:
        return ours[-1]
    # What a message lists stands below it, a line each.
    told = re.findall(r"(?m)^(?:ERROR|WARNING)\s+-\s+(.+(?:\n +- .+)*)$", output)
    lines = [re.sub(r"\n +- ", " ", message) for message in told]
    rest = [line.strip() for line in output.splitlines() if line.strip()]
    return "\n".join(dict.fromkeys(lines)) or (rest[-1] if rest else "mkdocs printed nothing")


def mkdocs_environment() -> dict[str, str]:
    """The environment for MkDocs, which loads an extension of ours from wherever it runs; the theme's advertisement
    about MkDocs 2 would hide what matters."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": path}


def build(into: Path, root: Path = ROOT, extra: tuple = ()) -> float:
    """Builds the site strictly into `into`, which it replaces; returns the seconds it took. Raises SiteError."""
    into.parent.mkdir(parents=True, exist_ok=True)
    fresh, pages = into.parent / f".{into.name}.new", into.parent / f".{into.name}.pages"
    started = time.monotonic()
    try:
        with Ticking("building the site"):
            try:
                file_checks.publishable(root)
                folder = Folder(root, pages, apart=True)
                folder.prepare(processes=side_by_side.cores())
            except SiteError as error:
                raise SiteError(f"the site was not built: {error}") from None
            run_mkdocs(pages, fresh, root, extra)
            folder.publish_files(fresh)
            steps.publish(fresh, root)
            steps.lighten(fresh, root)
        if into.exists():
            shutil.rmtree(into)
        os.replace(fresh, into)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(pages, ignore_errors=True)
    return time.monotonic() - started


def run_mkdocs(pages: Path, into: Path, root: Path = ROOT, extra: tuple = ()) -> None:
    """Builds a prepared folder into `into`. Raises SiteError with what MkDocs says is wrong."""
    named = ["--config-file", str(pages / generator_settings.FILE), "--site-dir", str(into)]
    status, said = mkdocs_once.run(["build", "--strict", *named, *extra], root, mkdocs_environment())
    if status:
        raise SiteError(f"the site was not built: {what_failed(said)}")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.build.build_site", description="strict static build of the site"
    )
    parser.add_argument("--into", type=Path, default=ROOT / "site", help="the folder it ends in (default: site/)")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project (default: this one)")
    options = parser.parse_args()
    seconds = build(options.into.resolve(), options.root.resolve())
    pages = sum(1 for _ in options.into.rglob("*.html"))
    print(f"{os.path.relpath(options.into)}/: {pages} pages in {seconds:.1f} s")


if __name__ == "__main__":
    run_cli(functools.partial(short_lived.run, main))
