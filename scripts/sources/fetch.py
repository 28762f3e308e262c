"""Brings one pinned artifact here, through the package index the user has given pip.

Asked for by exact file name and checked by sha256, so any index, folder of links or cache that has the file will
do, and none is asked for a "best match". What lies on this machine is tried before the network.
"""

import contextlib
import errno
import hashlib
import logging
import os
import ssl
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from unearth import PackageFinder
from unearth.auth import MultiDomainBasicAuth
from unearth.fetchers import PyPIClient

from scripts.common.errors import SiteError
from scripts.environments import pip_settings
from scripts.sources.pins import Pin

CHUNK = 1 << 18
PROGRESS_AFTER_S = 2.0
CHECK_PIP = "check the network and pip's settings (`pip config list`), then run it again"


def fetch(pin: Pin, target: Path, settings: pip_settings.PipSettings | None = None) -> None:
    """Writes the pin's artifact to `target`, verified. Raises SiteError with cause and remedy.

    A download that is cut short or does not match the pin is deleted and tried once more.
    """
    settings = settings or pip_settings.read()
    with _session(settings) as session:
        local, remote = _places(settings)
        seen: list[str] = []
        for link in _links(pin, session, local, settings, seen):
            if _try(pin, session, link, target):
                return
        if _from_pip_cache(pin, target):
            return
        for link in _links(pin, session, remote, settings, seen):
            size = f" ({_mb(pin.bytes)})" if pin.bytes else ""  # not known before a release's first fetch
            disk = f"; unpacked it takes {_mb(pin.unpacked_bytes)} of disk" if pin.unpacked_bytes else ""
            host = urlsplit(link.url).hostname or "this machine"
            print(f"{pin.name} {pin.version}: downloading {pin.artifact}{size} from {host}{disk}.", flush=True)
            for attempt in (1, 2):
                if _try(pin, session, link, target, last=attempt == 2):
                    return
                print(
                    f"{pin.artifact}: the download was cut short or differs from the pinned sha256; "
                    "deleted, trying once more.",
                    flush=True,
                )
    why = f" ({'; '.join(dict.fromkeys(seen))})" if seen else ""
    raise SiteError(f"{pin.artifact}: not found on the package index{why}; {CHECK_PIP}")


def _places(settings: pip_settings.PipSettings) -> tuple[list, list]:
    """Where to look, as (kind, address): what is here, then what needs the network. "" is pip's default index."""
    indexes = [] if settings.no_index else [settings.index_url, *settings.extra_index_urls]
    places = [("find_links", each) for each in settings.find_links] + [("index", each) for each in indexes]
    is_local = [each.startswith("file:") or (each and "://" not in each) for _, each in places]
    return (
        [place for place, here in zip(places, is_local, strict=True) if here],
        [place for place, here in zip(places, is_local, strict=True) if not here],
    )


def _session(settings: pip_settings.PipSettings) -> PyPIClient:
    bundle = settings.cert or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    try:
        verify = ssl.create_default_context(cafile=bundle) if bundle else True
    except OSError as error:
        raise SiteError(
            f"{bundle}: not a usable certificate file ({error.strerror}); correct pip's `cert` setting"
        ) from None
    session = PyPIClient(
        trusted_hosts=settings.trusted_hosts, verify=verify, timeout=settings.timeout, follow_redirects=True
    )
    remote = [url for url in [settings.index_url, *settings.extra_index_urls] if url and not url.startswith("file:")]
    session.auth = MultiDomainBasicAuth(index_urls=remote, prompting=False)
    return session


def _links(pin: Pin, session: PyPIClient, places: list, settings: pip_settings.PipSettings, seen: list):
    """Yields the links named exactly like the artifact; one whose published hash differs is passed over.

    What went wrong elsewhere is appended to `seen`, for the error that may follow.
    """
    for kind, address in places:
        # Given no source at all, unearth asks pip's default index.
        sources = {"index_urls" if kind == "index" else kind: [address] if address else []}
        try:
            with _collecting(seen):
                finder = PackageFinder(
                    session, ignore_compatibility=True, trusted_hosts=settings.trusted_hosts, **sources
                )
                found = list(finder.find_all_packages(pin.distribution, allow_yanked=True))
        except ValueError:
            continue  # a folder of links that is not there, which pip passes over too
        except (httpx2.HTTPError, OSError) as error:
            seen.append(f"{urlsplit(address).hostname or 'the index'} cannot be reached: {_reason(error)}")
            continue
        for package in found:
            if package.link.filename != pin.artifact:
                continue
            published = _published(package.link)
            if pin.sha256 and published and pin.sha256 not in published:
                seen.append(f"an index offers a file of that name with another sha256 ({published[0][:12]}...)")
                continue
            yield package.link


def _published(link) -> list[str]:
    """The sha256 an index gives for a file, none or one."""
    return (link.hash_option or {}).get("sha256", [])


@contextlib.contextmanager
def _collecting(seen: list):
    """Turns the warnings by which unearth reports an index page it could not read into reasons."""

    class Handler(logging.Handler):
        def emit(self, record):
            if record.levelno >= logging.WARNING:
                seen.append(str(record.args[-1] if record.args else record.msg))

    logger, handler = logging.getLogger("unearth.collector"), Handler()
    logger.addHandler(handler)
    propagate, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.propagate = propagate
        logger.removeHandler(handler)


def _try(pin: Pin, session: PyPIClient, link, target: Path, last: bool = False) -> bool:
    """Fetches once. False when what came is not the pinned file (deleted); with `last`, that is an error."""
    try:
        if link.is_file:
            digest = _copy(_pieces_of(link.file_path), target, pin)
        else:
            with session.get_stream(link.normalized, headers={"Accept-Encoding": "identity"}) as response:
                response.raise_for_status()
                digest = _copy(response.iter_bytes(CHUNK), target, pin)
    except httpx2.HTTPStatusError as error:
        raise SiteError(f"{pin.artifact}: the index answered {error.response.status_code}; {CHECK_PIP}") from None
    except httpx2.HTTPError as error:
        target.unlink(missing_ok=True)
        if not last:
            return False
        raise SiteError(f"{pin.artifact}: the download broke off twice ({_reason(error)}); {CHECK_PIP}") from None
    except OSError as error:
        target.unlink(missing_ok=True)
        raise disk_error(error, pin.artifact) from None
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    # A pin that is being moved has no sha256 yet; then at least what the index says of the file must hold.
    if digest in (wanted := [pin.sha256] if pin.sha256 else _published(link)) or not wanted:
        return True
    target.unlink(missing_ok=True)
    if last:
        raise SiteError(
            f"{pin.artifact}: sha256 is {digest} and snippets/pins.toml pins {pin.sha256}; "
            "if the pin is right, the index or a proxy serves another file: use another index"
        )
    return False


def _copy(pieces, target: Path, pin: Pin) -> str:
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


def _pieces_of(path: Path):
    with open(path, "rb") as source:
        while piece := source.read(CHUNK):
            yield piece


def _from_pip_cache(pin: Pin, target: Path) -> bool:
    """Takes the artifact out of pip's own download cache, where a file of just its size and sha256 lies there."""
    if not pin.sha256:
        return False
    asked = subprocess.run([sys.executable, "-m", "pip", "cache", "dir"], capture_output=True, text=True, check=False)
    folder = Path(asked.stdout.strip() or "/nonexistent")
    try:
        for path in (*folder.glob("http-v2/**/*.body"), *folder.glob("http/**/*")):
            with contextlib.suppress(FileNotFoundError, IsADirectoryError, PermissionError):
                body = _cached_body(path, pin.bytes)
                if body and _copy([body], target, pin) == pin.sha256:
                    return True
    except OSError as error:
        raise disk_error(error, pin.artifact) from None
    target.unlink(missing_ok=True)
    return False


def _cached_body(path: Path, size: int) -> bytes:
    """The download of `size` bytes that a file of pip's cache holds, or b"".

    From pip 23.3 on it is a file of its own; before, it stands in a msgpack message as a byte string with its length.
    """
    header = b"\xc6" + size.to_bytes(4, "big")
    more = path.stat().st_size - size
    if more == 0:
        return path.read_bytes()
    if not 0 < more < 1 << 16:
        return b""
    content = path.read_bytes()
    start = content.find(header) + len(header)
    return content[start : start + size] if header in content else b""


def disk_error(error: OSError, what: str) -> SiteError:
    """The one line for an OSError while writing `what`."""
    if error.errno == errno.ENOSPC:
        return SiteError(
            f"{what}: the disk is full; free some (`make clean` removes what these commands made) and run it again"
        )
    return SiteError(f"{what}: cannot be written ({error.strerror or error}); make .cache/ writable and run it again")


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:120]


def _mb(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
