"""`python -m scripts.sources.index_versions`: whether the index has a newer release of an engine than the pinned one.

Asks where pip would, with the user's own settings. The weekly workflow opens an issue from `--report FILE`, which
is written only when there is something newer.
"""

import argparse
from pathlib import Path

from packaging.version import Version

from scripts.common.errors import SiteError, run_cli
from scripts.environments import pip_settings
from scripts.environments.installer import CHECK_PIP, LACKING, UNREACHABLE
from scripts.sources import pins

# As on the hosts the engines are measured on, whatever this machine is.
PYTHON = (3, 12)
PLATFORMS = [f"manylinux{glibc}_x86_64" for glibc in ("_2_34", "_2_31", "_2_28", "2014")]


def ask(distribution: str, pre: bool = False) -> list[Version]:
    """The releases of a distribution on the user's index, newest first, pre-releases left out unless `pre`.

    Raises SiteError when it cannot be asked or has none.
    """
    # Here and not above: they bring the network's libraries, which what needs no index is spared.
    from unearth import TargetPython

    from scripts.sources.package_index import PackageIndex

    with PackageIndex(pip_settings.read()) as index:
        listed = index.versions(distribution, TargetPython(py_ver=PYTHON, platforms=PLATFORMS))
    releases = sorted({Version(version) for version in listed}, reverse=True)
    if not pre:
        releases = [release for release in releases if not release.is_prerelease]
    if releases:
        return releases
    unread = [problem for problem in index.problems if "Error(404)" not in problem]  # 404: it has no such project
    if index.unreachable:
        cause = UNREACHABLE
    elif unread:
        cause = f"the package index cannot be read ({unread[0]})"
    else:
        cause = LACKING.format(lock=pins.FILE)
    raise SiteError(f"{distribution}: {cause}; {CHECK_PIP}")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.sources.index_versions", description="compare the pins with the index"
    )
    parser.add_argument("--report", type=Path, help="write a Markdown report there, when a newer release exists")
    arguments = parser.parse_args()
    lines = []
    for pin in pins.load().values():
        newer = [release for release in ask(pin.distribution) if release > Version(pin.version)]
        if newer:
            lines.append(f"- {pin.name}: pinned {pin.version}, newest {newer[0]} ({len(newer)} releases later)")
        print(f"{pin.name}: pinned {pin.version}, " + (f"newest {newer[0]}" if newer else "nothing newer"), flush=True)
    if arguments.report and lines:
        text = "The pinned releases are no longer the newest.\n\n" + "\n".join(lines)
        arguments.report.write_text(text + "\n\nWhat to do: `make drift`, and *Move a pin* in the README.\n")


if __name__ == "__main__":
    run_cli(main)
