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
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from msgspec.structs import replace
from packaging.version import InvalidVersion, Version

from experiments.formats.whole_file import write_whole
from scripts.common.errors import SiteError, run_cli
from scripts.common.file_lock import one_at_a_time
from scripts.common.paths import ROOT
from scripts.sources import index_versions, unpacked_sources
from scripts.sources.pins import Pin
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


@dataclass(frozen=True)
class Artifact:
    """What is known of a release's file: its digest, and the bytes it takes packed and unpacked."""

    sha256: str
    bytes: int
    unpacked_bytes: int

    @classmethod
    def of(cls, told: dict) -> "Artifact":
        """From a comparison or the cache's notes. Raises KeyError where one of the three is not said."""
        return cls(told["sha256"], told["bytes"], told["unpacked_bytes"])

    def of_pin(self, pin: Pin) -> Pin:
        """The pin with what is known filled in."""
        return replace(pin, sha256=self.sha256, bytes=self.bytes, unpacked_bytes=self.unpacked_bytes)


def at(pin: Pin, version: str, root: Path = ROOT) -> Pin:
    """The pin of another release, its sources unpacked in the cache. Raises SiteError with cause and remedy.

    One that lies there is taken without a question to the index.
    """
    if version == pin.version:
        unpacked_sources.ensure(pin, root)
        return pin
    other = named(pin, version)
    known = _known(other, root)
    if known is None:
        require(other)
        return _first_fetch(other, root)
    other = known.of_pin(other)
    if not _unpacked(other, root):
        require(other)
        unpacked_sources.ensure(other, root)
    return other


def cached(pin: Pin, version: str, root: Path = ROOT) -> bool:
    """Whether a release lies unpacked in the cache."""
    other = named(pin, version)
    known = _known(other, root)
    return known is not None and _unpacked(known.of_pin(other), root)


def _known(other: Pin, root: Path) -> Artifact | None:
    return _committed(root).get(other.artifact) or _remembered(root).get(other.artifact)


def _unpacked(other: Pin, root: Path) -> bool:
    return (unpacked_sources.folder_of(other, root) / unpacked_sources.LISTING).is_file()


def require(other: Pin) -> None:
    """Raises SiteError unless the index lists the release; says which it does list."""
    listed = index_versions.ask(other.distribution, pre=True)
    if Version(other.version) not in listed:
        near = ", ".join(str(version) for version in listed[:5])
        raise SiteError(
            f"{other.name} {other.version}: the index has no such release (its newest: {near}); name one of those"
        )


def latest(pin: Pin) -> str:
    """The newest release that the index offers, pre-releases left out; never older than the pin. Raises SiteError."""
    return str(max(index_versions.ask(pin.distribution)[0], Version(pin.version)))


def _first_fetch(other: Pin, root: Path) -> Pin:
    """Fetches an artifact whose sha256 nothing here names, unpacks it, and remembers what it was."""
    from scripts.sources import fetch  # needs the network's libraries, which a second look does not

    folder = unpacked_sources.cache_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(folder / "lock", "fetching the sources"), tempfile.TemporaryDirectory(dir=folder) as temporary:
        file = Path(temporary) / other.artifact
        fetch.fetch(other, file)
        with open(file, "rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        packed = file.stat().st_size
        target = unpacked_sources.folder_of(replace(other, sha256=digest), root)
        unpacked_sources.unpack(other, file, target)
    unpacked = sum(path.stat().st_size for path in target.rglob("*.py"))
    other = Artifact(digest, packed, unpacked).of_pin(other)
    remember(other, root)
    return other


def remember(pin: Pin, root: Path = ROOT) -> None:
    """Notes in the cache what a release's artifact is."""
    folder = unpacked_sources.cache_folder(root)
    notes = _remembered(root) | {pin.artifact: Artifact(pin.sha256, pin.bytes, pin.unpacked_bytes)}
    known = {name: asdict(artifact) for name, artifact in notes.items()}
    write_whole(folder / KNOWN, json.dumps(known, indent=1) + "\n")


def _remembered(root: Path) -> dict[str, Artifact]:
    """By artifact; notes that cannot be read are none, and the release is asked for again."""
    try:
        notes = json.loads((unpacked_sources.cache_folder(root) / KNOWN).read_text("utf-8"))
        return {name: Artifact.of(told) for name, told in notes.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _committed(root: Path) -> dict[str, Artifact]:
    """By artifact, every release that a committed comparison names."""
    artifacts = {}
    for file in sorted((root / FOLDER).glob("*-[0-9]*.json")):
        try:
            told = json.loads(file.read_text("utf-8"))["to"]
            artifacts[told["artifact"]] = Artifact.of(told)
        except (OSError, ValueError, KeyError, TypeError):
            raise SiteError(
                f"{FOLDER}/{file.name}: is no comparison; restore it with git, or delete it and run `make drift`"
            ) from None
    return artifacts


def main() -> None:
    argparse.ArgumentParser(
        prog="python -m scripts.sources.other_releases", description="fetch the compared releases"
    ).parse_args()
    for file in sorted((ROOT / FOLDER).glob("*-[0-9]*.json")):
        told = json.loads(file.read_text("utf-8"))
        at(load_pins()[told["engine"]], told["to"]["version"])


if __name__ == "__main__":
    run_cli(main)
