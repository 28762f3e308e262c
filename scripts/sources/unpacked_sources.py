"""The engines' pinned sources, unpacked once by digest: `python -m scripts.sources.unpacked_sources` makes them ready.

They lie in .cache/sources/<first 16 digits of the artifact's sha256>/, laid out by repository path, with a listing
of every file's sha256 that is written last. A file is checked against that listing when it is read, so an edited
or damaged cache is noticed wherever it would matter.
"""

import functools
import hashlib
import json
import os
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from scripts.common.disk import require_disk
from scripts.common.errors import SiteError, run_cli
from scripts.common.file_lock import one_at_a_time
from scripts.common.paths import ROOT
from scripts.sources import pins as pinning
from scripts.sources.pins import Pin
from scripts.sources.python_text import decoded

LISTING = "files.json"


def cache_folder(root: Path = ROOT) -> Path:
    """The ignored folder that holds the unpacked sources."""
    return root / ".cache" / "sources"


def folder_of(pin: Pin, root: Path = ROOT) -> Path:
    """Where the pin's sources lie, or will."""
    return cache_folder(root) / pin.sha256[:16]


def ensure(pin: Pin, root: Path = ROOT) -> Path:
    """The folder of the pin's sources; fetched on first use, without network after. Raises SiteError."""
    folder = folder_of(pin, root)
    if not pin.sha256:
        raise SiteError(f"{pinning.FILE}: [{pin.engine}]: has no sha256; run `make pin`")
    if (folder / LISTING).is_file():
        return folder
    from scripts.sources import fetch  # needs the network's libraries, which a second use does not

    try:
        cache_folder(root).mkdir(parents=True, exist_ok=True)
        with one_at_a_time(cache_folder(root) / "lock", "fetching the sources"):
            if not (folder / LISTING).is_file():
                artifact = folder.with_name(f"{pin.sha256[:16]}.download")
                try:
                    need = pin.bytes + pin.unpacked_bytes
                    require_disk(cache_folder(root), need, f"{pin.name} {pin.version} sources")
                    fetch.fetch(pin, artifact)
                    unpack(pin, artifact, folder)
                finally:
                    artifact.unlink(missing_ok=True)
    except OSError as error:
        raise fetch.disk_error(error, f"{pin.name} {pin.version} sources") from None
    return folder


def unpack(pin: Pin, artifact: Path, folder: Path) -> None:
    """Takes the engine's Python files out of `artifact` into `folder`, which appears whole or not at all."""
    temporary = folder.with_name(folder.name + ".new")
    shutil.rmtree(temporary, ignore_errors=True)
    listing = {}
    try:
        for name, content in _members(artifact):
            inner = name.removeprefix(pin.inside + "/")
            if inner == name or not name.endswith(".py") or ".." in Path(inner).parts:
                continue
            path = f"{pin.sources}/{inner}"
            target = temporary / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            listing[path] = hashlib.sha256(content).hexdigest()
        if not listing:
            raise SiteError(
                f"{pinning.FILE}: [{pin.engine}]: {pin.artifact} holds no Python file below "
                f"'{pin.inside}/'; correct `inside`"
            )
        (temporary / LISTING).write_text(json.dumps(listing))
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(temporary, folder)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise SiteError(f"{pin.artifact}: not a readable archive ({error}); pin another artifact") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _members(artifact: Path) -> Iterator[tuple[str, bytes]]:
    """Yields (name, content) of the regular files in an sdist or a wheel."""
    if zipfile.is_zipfile(artifact):
        with zipfile.ZipFile(artifact) as archive:
            for entry in archive.infolist():
                if entry.filename.endswith(".py"):
                    yield entry.filename, archive.read(entry)
    else:
        with tarfile.open(artifact) as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isfile() and member.name.endswith(".py") else None
                if content is not None:
                    yield member.name, content.read()


class Sources:
    """Reads pinned files by engine and repository path, each checked against the digest it was unpacked with."""

    def __init__(self, pins: dict[str, Pin], root: Path = ROOT):
        self.pins = pins
        self.root = root
        self._text: dict[tuple[str, str], str] = {}

    def pin(self, engine: str, where: str = "") -> Pin:
        """The engine's pin; `where` (file and id) begins the error for an engine that has none."""
        if engine not in self.pins:
            raise SiteError(f"{where or pinning.FILE}: unknown engine '{engine}'; use one of {', '.join(self.pins)}")
        return self.pins[engine]

    @functools.cache  # noqa: B019 - one Sources lives as long as its command
    def listing(self, engine: str) -> dict[str, str]:
        """Repository path to sha256 (hex) of every Python file of the engine."""
        return json.loads((ensure(self.pin(engine), self.root) / LISTING).read_text())

    def digest(self, engine: str, path: str, where: str = "") -> str:
        """sha256 (hex) of a repository path as released; SiteError when the release has no such file."""
        try:
            return self.listing(engine)[path]
        except KeyError:
            pin = self.pin(engine)
            raise SiteError(
                f"{where + ': ' if where else ''}{path}: no such file in {pin.name} {pin.version}; "
                f"correct the path, which starts at the repository's root ('{pin.sources}/...')"
            ) from None

    def text(self, engine: str, path: str, where: str = "") -> str:
        """The file's text as released, read as CPython reads it. Raises SiteError where it cannot be."""
        key = engine, path
        if key not in self._text:
            content = self.content(engine, path, where)
            self._text[key] = decoded(content, f"{where}: {path}" if where else path)
        return self._text[key]

    def content(self, engine: str, path: str, where: str = "") -> bytes:
        """The file's bytes as released."""
        expected = self.digest(engine, path, where)
        folder = folder_of(self.pin(engine), self.root)
        try:
            content = (folder / path).read_bytes()
        except OSError:
            content = b""
        if hashlib.sha256(content).hexdigest() != expected:
            raise SiteError(
                f"{path}: the cached copy differs from {self.pin(engine).artifact}; "
                f"delete .cache/sources/{folder.name} and run it again"
            )
        return content


def open_sources(root: Path = ROOT) -> Sources:
    """Sources for the pins of `root`, nothing fetched yet."""
    return Sources(pinning.load(root), root)


def main() -> None:
    for pin in pinning.load().values():
        ensure(pin)


if __name__ == "__main__":
    run_cli(main)
