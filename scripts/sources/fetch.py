"""Brings one pinned artifact here, through the package index the user has given pip.

Asked for by exact file name and checked by sha256, so any index or folder of links that has the file will do, and
none is asked for a "best match". What lies on this machine is tried before the network.
"""

import errno
import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from unearth import Link
from unearth.fetchers import PyPIClient

from scripts.common.errors import SiteError
from scripts.environments import pip_settings
from scripts.environments.installer import CHECK_PIP
from scripts.sources.package_index import Location, PackageIndex, reason_of
from scripts.sources.pins import Pin

CHUNK = 1 << 18
PROGRESS_AFTER_S = 2.0


def fetch(pin: Pin, target: Path, settings: pip_settings.PipSettings | None = None) -> None:
    """Writes the pin's artifact to `target`, verified. Raises SiteError with cause and remedy.

    A download that is cut short or does not match the pin is deleted and tried once more, and then the next index that
    offers the file is asked.
    """
    failures: list[_Failure] = []
    with PackageIndex(settings or pip_settings.read()) as index:
        for link in _links(pin, index, index.local):
            failure = _try(pin, index.session, link, target)
            if not failure:
                return
            index.problems.append(f"{link.file_path.parent}: {failure.what}")
        for link in _links(pin, index, index.remote):
            size = f" ({_mb(pin.bytes)})" if pin.bytes else ""  # not known before a release's first fetch
            disk = f"; unpacked it takes {_mb(pin.unpacked_bytes)} of disk" if pin.unpacked_bytes else ""
            host = urlsplit(link.url).hostname or "this machine"
            print(f"{pin.name} {pin.version}: downloading {pin.artifact}{size} from {host}{disk}.", flush=True)
            failure = _try(pin, index.session, link, target)
            if failure and failure.may_pass:
                print(
                    f"{pin.artifact}: the download was cut short or differs from the pinned sha256; "
                    "deleted, trying once more.",
                    flush=True,
                )
                failure = _try(pin, index.session, link, target)
            if not failure:
                return
            failures.append(failure)
    if len(failures) == 1 and not index.problems:
        raise SiteError(f"{pin.artifact}: {failures[0].what}; {failures[0].remedy}")
    problems = [*index.problems, *(failure.what for failure in failures)]
    why = f" ({'; '.join(dict.fromkeys(problems))})" if problems else ""
    raise SiteError(f"{pin.artifact}: not found on the package index{why}; {CHECK_PIP}")


@dataclass(frozen=True)
class _Failure:
    """Why one place did not give the file, and what to do should it be the only one.

    `may_pass`: another attempt may end otherwise.
    """

    what: str
    remedy: str = CHECK_PIP
    may_pass: bool = True


def _links(pin: Pin, index: PackageIndex, locations: list[Location]) -> Iterator[Link]:
    """Yields the links named exactly like the artifact; one whose published hash differs is passed over.

    That one did is noted among the index's problems, for the error that may follow.
    """
    for link in index.files(pin.distribution, locations):
        if link.filename != pin.artifact:
            continue
        published = _published(link)
        if pin.sha256 and published and pin.sha256 not in published:
            index.problems.append(f"an index offers a file of that name with another sha256 ({published[0][:12]}...)")
            continue
        yield link


def _published(link: Link) -> list[str]:
    """The sha256 an index gives for a file, none or one."""
    return (link.hash_option or {}).get("sha256", [])


def _try(pin: Pin, session: PyPIClient, link: Link, target: Path) -> _Failure | None:
    """Fetches once. None when the pinned file lies at `target`, else why not, and nothing lies there."""
    host = urlsplit(link.url).hostname or "the folder of links"
    try:
        if link.is_file:
            if not os.access(link.file_path, os.R_OK):
                return _Failure("cannot be read")
            digest = _copy(_pieces_of(link.file_path), target, pin)
        else:
            with session.get_stream(link.normalized, headers={"Accept-Encoding": "identity"}) as response:
                response.raise_for_status()
                # As sent: some servers call a .tar.gz a gzip-encoded .tar, and its sha256 is that of the .tar.gz.
                digest = _copy(response.iter_raw(CHUNK), target, pin)
    except httpx2.HTTPStatusError as error:
        return _Failure(f"{host} answered {error.response.status_code}", may_pass=False)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        target.unlink(missing_ok=True)
        return _Failure(f"the download broke off twice ({reason_of(error)})")
    except OSError as error:
        target.unlink(missing_ok=True)
        raise disk_error(error, pin.artifact) from None
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    # A pin that is being moved has no sha256 yet; then at least what the index says of the file must hold.
    allowed = [pin.sha256] if pin.sha256 else _published(link)
    if digest in allowed or not allowed:
        return None
    target.unlink(missing_ok=True)
    return _Failure(
        f"sha256 is {digest} and snippets/pins.toml pins {pin.sha256}",
        "if the pin is right, the index or a proxy serves another file: use another index",
    )


def _copy(pieces: Iterable[bytes], target: Path, pin: Pin) -> str:
    """Writes the pieces to `target` with progress and returns their sha256."""
    digest, done, started, shown = hashlib.sha256(), 0, time.monotonic(), 0.0
    with open(target, "wb") as out:
        for piece in pieces:
            out.write(piece)
            digest.update(piece)
            done += len(piece)
            now = time.monotonic() - started
            if now > PROGRESS_AFTER_S and now - shown > 2:
                shown = now
                whole = f" of {_mb(pin.bytes)}" if pin.bytes else ""
                print(f"  {pin.artifact}: {_mb(done)}{whole}, {now:.0f} s", flush=True)
    return digest.hexdigest()


def _pieces_of(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as source:
        while piece := source.read(CHUNK):
            yield piece


def disk_error(error: OSError, what: str) -> SiteError:
    """The one line for an OSError while writing `what`."""
    if error.errno == errno.ENOSPC:
        return SiteError(
            f"{what}: the disk is full; free some (`make clean` removes what these commands made) and run it again"
        )
    return SiteError(f"{what}: cannot be written ({error.strerror or error}); make .cache/ writable and run it again")


def _mb(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
