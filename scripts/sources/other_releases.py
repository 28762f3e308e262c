"""Other releases of the pinned engines: which there are, and one of them unpacked beside the pinned one.

`python -m scripts.sources.other_releases` brings those here that a committed comparison names, for a site
that shows what changed.

A release is asked for by the pinned artifact's own file name with the other version in it. Its sha256 is the one that a
committed comparison names; before there is one, the one the index publishes for the file, or, where it publishes none,
that of the file as it came. It is remembered in the cache, so that a second look asks nobody.
"""

import argparse
import hashlib
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

from packaging.version import InvalidVersion, Version

from scripts.common.errors import SiteError, run_cli
from scripts.common.file_lock import one_at_a_time
from scripts.sources import index_versions, unpacked_sources
from scripts.sources.pins import ROOT, Pin
from scripts.sources.pins import load as load_pins

FOLDER = "snippets/drift"  # the committed comparisons; scripts/drift/report.py writes them
KNOWN = "releases.json"  # in the cache: artifact -> sha256, bytes, unpacked_bytes


def named(pin: Pin, version: str) -> Pin:
    """The pin of another release, its digest and sizes not known. Raises SiteError for what is no version."""
    try:
        Version(version)
    except InvalidVersion:
        raise SiteError(f"{pin.name} {version!r}: is no version; write one such as {pin.version}") from None
    changed = {key: getattr(pin, key).replace(pin.version, version) for key in ("tag", "artifact", "inside")}
    return replace(pin, version=version, bytes=0, unpacked_bytes=0, sha256="", **changed)


def at(pin: Pin, version: str, root: Path = ROOT) -> Pin:
    """The pin of another release, its sources unpacked in the cache. Raises SiteError with cause and remedy.

    One that lies there is taken without a question to the index.
    """
    if version == pin.version:
        unpacked_sources.ensure(pin, root)
        return pin
    wanted = named(pin, version)
    told = _committed(root).get(wanted.artifact) or _remembered(root).get(wanted.artifact)
    if told:
        wanted = replace(wanted, **told)
        if (unpacked_sources.folder_of(wanted, root) / unpacked_sources.LISTING).is_file():
            return wanted
    require(wanted)
    if told:
        unpacked_sources.ensure(wanted, root)
        return wanted
    return _first_fetch(wanted, root)


def cached(pin: Pin, version: str, root: Path = ROOT) -> bool:
    """Whether a release lies unpacked in the cache."""
    wanted = named(pin, version)
    told = _committed(root).get(wanted.artifact) or _remembered(root).get(wanted.artifact)
    folder = unpacked_sources.folder_of(replace(wanted, **told), root) if told else None
    return folder is not None and (folder / unpacked_sources.LISTING).is_file()


def require(wanted: Pin) -> None:
    """Raises SiteError unless the index lists the release; says which it does list."""
    listed = index_versions.ask(wanted.distribution, pre=True)
    if Version(wanted.version) not in listed:
        near = ", ".join(str(each) for each in listed[:5])
        raise SiteError(
            f"{wanted.name} {wanted.version}: the index has no such release (its newest: {near}); name one of those"
        )


def latest(pin: Pin) -> str:
    """The newest release that the index offers, pre-releases left out; never older than the pin. Raises SiteError."""
    return str(max(index_versions.ask(pin.distribution)[0], Version(pin.version)))


def _first_fetch(wanted: Pin, root: Path) -> Pin:
    """Fetches an artifact whose sha256 nothing here names, unpacks it, and remembers what it was."""
    from scripts.sources import fetch  # needs the network's libraries, which a second look does not

    folder = unpacked_sources.cache_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(folder / "lock", "fetching the sources"), tempfile.TemporaryDirectory(dir=folder) as temporary:
        artifact = Path(temporary) / wanted.artifact
        fetch.fetch(wanted, artifact)
        with open(artifact, "rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        known = {"sha256": digest, "bytes": artifact.stat().st_size, "unpacked_bytes": 0}
        target = unpacked_sources.folder_of(replace(wanted, **known), root)
        unpacked_sources.unpack(wanted, artifact, target)
    known["unpacked_bytes"] = sum(each.stat().st_size for each in target.rglob("*.py"))
    wanted = replace(wanted, **known)
    remember(wanted, root)
    return wanted


def remember(pin: Pin, root: Path = ROOT) -> None:
    """Notes in the cache what a release's artifact is."""
    folder = unpacked_sources.cache_folder(root)
    kept = _remembered(root) | {pin.artifact: {key: getattr(pin, key) for key in ("sha256", "bytes", "unpacked_bytes")}}
    fresh = folder / f".{KNOWN}.{os.getpid()}"
    fresh.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    os.replace(fresh, folder / KNOWN)


def _remembered(root: Path) -> dict:
    try:
        return json.loads((unpacked_sources.cache_folder(root) / KNOWN).read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _committed(root: Path) -> dict:
    """artifact -> sha256, bytes and unpacked_bytes, of every release that a committed comparison names."""
    found = {}
    for file in sorted((root / FOLDER).glob("*-[0-9]*.json")):
        try:
            told = json.loads(file.read_text("utf-8"))["to"]
            found[told["artifact"]] = {key: told[key] for key in ("sha256", "bytes", "unpacked_bytes")}
        except (OSError, ValueError, KeyError, TypeError):
            raise SiteError(
                f"{FOLDER}/{file.name}: is no comparison; restore it with git, or delete it and run `make drift`"
            ) from None
    return found


def main() -> None:
    argparse.ArgumentParser(
        prog="python -m scripts.sources.other_releases", description="fetch the compared releases"
    ).parse_args()
    for file in sorted((ROOT / FOLDER).glob("*-[0-9]*.json")):
        told = json.loads(file.read_text("utf-8"))
        at(load_pins()[told["engine"]], told["to"]["version"])


if __name__ == "__main__":
    run_cli(main)
