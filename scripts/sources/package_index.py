"""The package index that the user has given pip, asked by a project's name: its files, and what went wrong.

Settings are pip's own, read once: index, extra indexes, folders of links, certificate, time-out, proxy, trusted
hosts. What lies on this machine can be asked apart from what needs the network.
"""

import contextlib
import logging
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import httpx2
from unearth import Link, Package, PackageFinder, TargetPython
from unearth.auth import MultiDomainBasicAuth
from unearth.fetchers import Fetcher, PyPIClient

from scripts.common.errors import SiteError
from scripts.environments import pip_settings


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
        return urlsplit(self.address).hostname or "the index"


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
            return []  # a folder of links that is not there, which pip passes over too
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            self.problems.append(f"{location.host} cannot be reached: {reason_of(error)}")
            self.unreachable = True
            return []


def _session(settings: pip_settings.PipSettings) -> PyPIClient:
    bundle = settings.cert or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    try:
        verify = ssl.create_default_context(cafile=bundle) if bundle else True
    except OSError as error:
        raise SiteError(
            f"{bundle}: not a usable certificate file ({error.strerror}); correct pip's `cert` setting"
        ) from None
    session = PyPIClient(
        trusted_hosts=settings.trusted_hosts,
        verify=verify,
        timeout=settings.timeout,
        follow_redirects=True,
        proxy=settings.proxy or None,
    )
    remote = [url for url in [settings.index_url, *settings.extra_index_urls] if url and not url.startswith("file:")]
    session.auth = MultiDomainBasicAuth(index_urls=remote, prompting=False)
    return session


@contextlib.contextmanager
def _warnings_into(problems: list[str]) -> Iterator[None]:
    """Turns the warnings by which unearth reports an index page it could not read into reasons."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING:
                arguments = record.args if isinstance(record.args, tuple) else ()
                problems.append(str(arguments[-1] if arguments else record.msg))

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
    return (str(error) or type(error).__name__).splitlines()[0][:120]
