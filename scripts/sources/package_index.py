"""The package index that the user has given pip, asked by a project's name: its files, and what went wrong.

Settings are pip's own, read once: index, extra indexes, folders of links, certificate, time-out, proxy, trusted
hosts. What lies on this machine can be asked apart from what needs the network.
"""

import contextlib
import email.utils
import logging
import os
import re
import ssl
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import httpx2
from unearth import Link, Package, PackageFinder, TargetPython
from unearth.auth import MultiDomainBasicAuth
from unearth.fetchers import Fetcher, PyPIClient

from scripts.common.errors import SiteError
from scripts.environments import pip_settings

# What pip's client asks again for, and 429, for which it does so only where the index says when.
BUSY = (429, 500, 502, 503, 504, 520, 524, 527)
LONGEST_WAIT_S = 30.0


@dataclass(frozen=True)
class Location:
    """A place to look: a simple index, or a folder or page of links. An index without address is pip's default."""

    address: str
    is_index: bool

    @property
    def local(self) -> bool:
        """Whether it lies on this machine."""
        return self.address.startswith("file:") or (bool(self.address) and "://" not in self.address)

    @property
    def host(self) -> str:
        """How errors call it."""
        try:
            return urlsplit(self.address).hostname or "the index"
        except ValueError:
            return "the index"


class PackageIndex:
    """Everything the settings name, open until the `with` block ends.

    `problems` are the reasons, in order, for what could not be had; `unreachable` whether a host did not answer.
    """

    def __init__(self, settings: pip_settings.PipSettings):
        self.settings = settings
        self.problems: list[str] = []
        self.unreachable = False
        indexes = [] if settings.no_index else [settings.index_url, *settings.extra_index_urls]
        self.locations = [Location(address, False) for address in settings.find_links]
        self.locations += [Location(address, True) for address in indexes]
        self.session = _session(settings)

    def __enter__(self) -> "PackageIndex":
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    @property
    def local(self) -> list[Location]:
        return [location for location in self.locations if location.local]

    @property
    def remote(self) -> list[Location]:
        return [location for location in self.locations if not location.local]

    def files(self, distribution: str, locations: list[Location]) -> Iterator[Link]:
        """Every file of a project, withdrawn ones too, for whatever machine, location by location."""
        for location in locations:
            for package in self._packages(distribution, location, allow_yanked=True):
                yield package.link

    def versions(self, distribution: str, target: TargetPython) -> set[str]:
        """The versions that have an sdist or a wheel for `target`, those withdrawn left out."""
        packages = (
            package
            for location in self.locations
            for package in self._packages(distribution, location, allow_yanked=False, target=target)
        )
        return {package.version for package in packages if package.version}

    def _packages(
        self, distribution: str, location: Location, allow_yanked: bool, target: TargetPython | None = None
    ) -> list[Package]:
        """What one location has of a project: all there is, or, of its wheels, those that fit `target`."""
        # Given no source at all, the finder asks pip's default index.
        address = [location.address] if location.address else []
        try:
            with _warnings_into(self.problems):
                finder = PackageFinder(
                    # Its own client does all that its protocol asks for, but declares narrower types.
                    cast(Fetcher, self.session),
                    index_urls=address if location.is_index else [],
                    find_links=[] if location.is_index else address,
                    trusted_hosts=self.settings.trusted_hosts,
                    target_python=target,
                    ignore_compatibility=target is None,
                )
                return list(finder.find_all_packages(distribution, allow_yanked=allow_yanked))
        except ValueError:
            # A folder of links that is not there, which pip passes over too; or no address, which may hold a password.
            missing = f"there is no folder {location.address}"
            self.problems.append(missing if location.local else "an index's address is not valid")
            return []
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            self.problems.append(f"{location.host} cannot be reached: {reason_of(error)}")
            self.unreachable = True
            return []


class _PatientClient(PyPIClient):
    """Asks again, as pip does, where an index says that it is busy or broken for the moment.

    It knows neither pip's number of attempts nor its waits: urllib3 has them for pip, and nobody for httpx2.
    """

    def __init__(self, retries: int, **options: Any):
        super().__init__(**options)
        self.retries = retries

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        for attempt in range(self.retries + 1):
            response = super().send(request, **options)
            if response.status_code not in BUSY or attempt == self.retries:
                break
            response.close()
            time.sleep(_wait_s(attempt, response.headers.get("Retry-After", "")))
        return response


def _wait_s(attempt: int, asked: str) -> float:
    """Seconds until the next attempt: what the index asks for, else pip's own 0, 0.5, 1, 2 ... ; bounded."""
    pause = 0.25 * 2**attempt if attempt else 0.0
    if asked.strip().isdigit():
        pause = float(asked)
    elif asked:
        with contextlib.suppress(ValueError, TypeError):
            pause = email.utils.parsedate_to_datetime(asked).timestamp() - time.time()
    return min(max(pause, 0.0), LONGEST_WAIT_S)


def _session(settings: pip_settings.PipSettings) -> PyPIClient:
    bundle = settings.cert or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    checked = _context(bundle, settings.client_cert)
    trusting = _context(bundle, settings.client_cert)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    proxy = settings.proxy if "://" in settings.proxy or not settings.proxy else f"http://{settings.proxy}"
    try:
        session = _PatientClient(
            settings.retries,
            trusted_hosts=settings.trusted_hosts,
            verify=checked,
            timeout=settings.timeout,
            follow_redirects=True,
            proxy=proxy or None,
            # The client's own way to a trusted host knows neither proxy nor certificate.
            mounts={
                f"{scheme}://{host}": httpx2.HTTPTransport(verify=trusting, proxy=proxy or _own_proxy(scheme, host))
                for host in settings.trusted_hosts
                for scheme in ("http", "https")
            },
        )
    except (ValueError, httpx2.InvalidURL, ImportError) as error:
        # Not the error's own words: they repeat the address, and it may hold a password.
        why = "needs a package that is not here" if isinstance(error, ImportError) else "is no address of a proxy"
        raise SiteError(f"pip's `proxy` setting {why}; write http://host:port (PIP_PROXY or pip.conf)") from None
    remote = [url for url in [settings.index_url, *settings.extra_index_urls] if url and not url.startswith("file:")]
    session.auth = MultiDomainBasicAuth(index_urls=remote, prompting=False)
    return session


def _own_proxy(scheme: str, host: str) -> str | None:
    """The proxy that the environment names for a host."""
    if urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(scheme) or proxies.get("all")


def _context(bundle: str | None, client_cert: str) -> ssl.SSLContext:
    """The certificates to trust (a file, a folder, or httpx2's own) and the one to show."""
    setting, path = "cert", bundle
    try:
        if bundle and os.path.isdir(bundle):
            context = ssl.create_default_context(capath=bundle)
        elif bundle:
            context = ssl.create_default_context(cafile=bundle)
        else:
            context = httpx2.create_ssl_context()
        if client_cert:
            setting, path = "client-cert", client_cert
            context.load_cert_chain(client_cert)
    except OSError as error:
        raise SiteError(
            f"{path}: not a usable certificate file ({error.strerror}); correct pip's `{setting}` setting"
        ) from None
    return context


@contextlib.contextmanager
def _warnings_into(problems: list[str]) -> Iterator[None]:
    """Turns the warnings by which unearth reports an index page it could not read into reasons."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING:
                arguments = record.args if isinstance(record.args, tuple) else ()
                said = str(arguments[-1]) if len(arguments) > 1 else record.getMessage()
                problems.append(re.sub(r"://\S*@", "://...@", said))  # it hides a password only where one may stand

    logger, handler = logging.getLogger("unearth.collector"), Handler()
    logger.addHandler(handler)
    propagate, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.propagate = propagate
        logger.removeHandler(handler)


def reason_of(error: Exception) -> str:
    """The first line of what an error says, for the end of another line."""
    if isinstance(error, httpx2.InvalidURL):
        return "its address is not valid"  # its own words quote the address, where a password may stand
    return (str(error) or type(error).__name__).splitlines()[0][:120]
