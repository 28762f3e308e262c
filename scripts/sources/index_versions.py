"""`python -m scripts.sources.index_versions`: whether the index has a newer release of an engine than the pinned one.

Asks through pip, so with the user's own settings. The weekly workflow opens an issue from `--report FILE`, which
is written only when there is something newer.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from packaging.version import Version

from scripts.common.errors import SiteError, run_cli
from scripts.environments.installer import explain
from scripts.sources import pins

# As on the hosts the engines are measured on; otherwise pip hides wheels that this Python could not install.
PLATFORM = ["--python-version", "3.12", "--only-binary", ":all:"]
PLATFORM += [word for tag in ("_2_34", "_2_31", "_2_28", "2014") for word in ("--platform", f"manylinux{tag}_x86_64")]


def released(listing: str, pre: bool = False) -> list:
    """The versions in what `pip index versions` prints, newest first, pre-releases left out unless `pre`."""
    found = re.search(r"(?m)^Available versions: (.+)$", listing)
    versions = [Version(each.strip()) for each in found.group(1).split(",")] if found else []
    return sorted((each for each in versions if pre or not each.is_prerelease), reverse=True)


def ask(distribution: str, pre: bool = False) -> list:
    """The releases of a distribution on the user's index, newest first. Raises SiteError when it cannot be asked."""
    command = [sys.executable, "-m", "pip", "index", "versions", distribution, *PLATFORM, *(["--pre"] if pre else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    versions = released(done.stdout, pre)
    if done.returncode or not versions:
        raise SiteError(f"{distribution}: {explain(done.stdout + done.stderr, 'snippets/pins.toml')}")
    return versions


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.sources.index_versions", description="compare the pins with the index"
    )
    parser.add_argument("--report", type=Path, help="write a Markdown report there, when a newer release exists")
    asked = parser.parse_args()
    lines = []
    for pin in pins.load().values():
        newer = [each for each in ask(pin.distribution) if each > Version(pin.version)]
        if newer:
            lines.append(f"- {pin.name}: pinned {pin.version}, newest {newer[0]} ({len(newer)} releases later)")
        print(f"{pin.name}: pinned {pin.version}, " + (f"newest {newer[0]}" if newer else "nothing newer"), flush=True)
    if asked.report and lines:
        text = "The pinned releases are no longer the newest.\n\n" + "\n".join(lines)
        asked.report.write_text(text + "\n\nWhat to do: `make drift`, and *Move a pin* in the README.\n")


if __name__ == "__main__":
    run_cli(main)
