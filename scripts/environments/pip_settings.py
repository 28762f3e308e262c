"""The user's pip settings, read as pip reads them, and handed on to tools that read none of them.

uv and unearth ignore pip's configuration files and variables. Whoever reaches their packages through a
mirror, a folder of wheels, a proxy or a private certificate has said so to pip, and once is enough. A setting that
pip would refuse is refused here: to go on without it would ask another index than the user named.
"""

import ast
import functools
import math
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from scripts.common.errors import SiteError
from scripts.environments import pip_complaints

# pip's other long names for an option; any of them may stand in a file or, after PIP_, in the environment.
ALIASES = {"pypi-url": "index-url", "default-timeout": "timeout"}
YES = ("1", "true", "t", "yes", "y", "on")
NO = ("0", "false", "f", "no", "n", "off")


@dataclass
class PipSettings:
    """Where pip would look: addresses as the user wrote them, folders in full, `timeout` in seconds.

    `cert` is a file of certificates or a folder of them, `client_cert` a file with certificate and key, `retries` how
    often a busy index is asked again.
    """

    index_url: str = ""
    extra_index_urls: list[str] = field(default_factory=list)
    find_links: list[str] = field(default_factory=list)
    trusted_hosts: list[str] = field(default_factory=list)
    cert: str = ""
    client_cert: str = ""
    proxy: str = ""
    timeout: float = 15.0
    retries: int = 5
    no_index: bool = False

    @property
    def wheel_folders(self) -> list[Path]:
        """The folders of this machine among `find_links`, those that are there."""
        paths = [
            Path(unquote(urlsplit(link).path)) if link.startswith("file:") else Path(link)
            for link in self.find_links
        ]
        return [path for path in paths if path.is_dir()]


def parse(listing: str, place: Callable[[str], str] = "pip's setting {}".format) -> PipSettings:
    """Settings from what `pip config list` prints: one `section.key='value'` a line.

    A later section wins as in pip: global, then the command's own, then the environment; an empty value is none.
    Raises SiteError for a value that pip would refuse; `place` gives the words for where a setting stands.
    """
    values: dict[str, str] = {}
    for section in ("global.", "install.", "download.", ":env:."):
        for line in listing.splitlines():
            key, equals, value = line.partition("=")
            if equals and key.startswith(section):
                try:
                    value = str(ast.literal_eval(value))
                except (ValueError, SyntaxError):
                    pass
                if value:
                    name = key[len(section) :]
                    values[ALIASES.get(name, name)] = value

    def refused(name: str, what: str) -> SiteError:
        return SiteError(f"{place(name)}: '{values[name]}' is {what}; correct or remove it, then run it again")

    def number(name: str, default: float) -> float:
        try:
            return float(values.get(name, default))
        except ValueError:
            raise refused(name, "not a number") from None

    timeout, retries = number("timeout", 15), number("retries", 5)
    if not (math.isfinite(timeout) and timeout > 0):
        raise refused("timeout", "not a number of seconds above 0")
    if retries < 0 or retries != int(retries if math.isfinite(retries) else -1):
        raise refused("retries", "not a whole number from 0")
    no_index = values.get("no-index", "no").lower()
    if no_index not in YES + NO:
        raise refused("no-index", "neither yes nor no")
    return PipSettings(
        index_url=_in_full(values.get("index-url", "")),
        extra_index_urls=[_in_full(url) for url in values.get("extra-index-url", "").split()],
        find_links=[_in_full(link) for link in values.get("find-links", "").split()],
        trusted_hosts=values.get("trusted-host", "").split(),
        cert=_in_full(values.get("cert", "")),
        client_cert=_in_full(values.get("client-cert", "")),
        proxy=values.get("proxy", ""),
        timeout=timeout,
        retries=int(retries),
        no_index=no_index in YES,
    )


def _in_full(place: str) -> str:
    """A path of this machine without `~` and from the root (who reads it may run in another folder); an address as is.

    What is not there stays as it was written, as in pip.
    """
    if not place or "://" in place or place.startswith("file:"):
        return place
    path = os.path.abspath(os.path.expanduser(place))
    return path if os.path.exists(path) else place


def read(*pythons: str) -> PipSettings:
    """The settings of the user who runs `python -m pip`, of the first of `pythons` (this one) that has pip.

    Empty ones where none has. Without an index of the user's, `index_url` is the one pip itself falls back on, as pip
    spells it. Raises SiteError, with file and setting, for settings that pip refuses.
    """
    for python in pythons or (sys.executable,):
        listing = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
        if listing.returncode and "No module named pip" in listing.stderr:
            continue
        if listing.returncode:
            raise pip_complaints.refusal(python, listing.stdout + listing.stderr)
        settings = parse(listing.stdout, functools.partial(pip_complaints.place_of, python))
        if not settings.index_url and not settings.no_index:
            code = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
            address = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
            settings.index_url = address.stdout.strip()
        return settings
    return PipSettings()


def uv_environment(settings: PipSettings, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """`base` (default: this process's environment) plus what, with `uv_options`, makes uv look where pip does.

    Variables of uv that the user has set stay as they are; pip's own proxy goes before those of the environment, as in
    pip. Addresses travel in the environment, not in the command line, because they may hold a password.
    """
    env = dict(os.environ if base is None else base)
    ours = {
        "UV_DEFAULT_INDEX": settings.index_url,
        "UV_INDEX": " ".join(settings.extra_index_urls),
        "UV_FIND_LINKS": ",".join(_uv_links(settings)),
        "UV_INSECURE_HOST": " ".join(settings.trusted_hosts),
        "UV_NO_INDEX": "1" if settings.no_index else "",  # read by no uv so far, hence uv_options
        "SSL_CERT_DIR" if os.path.isdir(settings.cert) else "SSL_CERT_FILE": settings.cert,
        "SSL_CLIENT_CERT": settings.client_cert,
        "UV_HTTP_TIMEOUT": str(max(math.ceil(settings.timeout), 30)),
        "UV_HTTP_RETRIES": str(settings.retries),
        # pip takes the best match over all indexes; uv by default the first index that knows the name.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_NO_PROGRESS": "1",
    }
    for name, value in ours.items():
        if value:
            env.setdefault(name, value)
    if settings.proxy:
        # pip takes `host:port` for http://host:port; uv does not.
        proxy = settings.proxy if "://" in settings.proxy else f"http://{settings.proxy}"
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            env[name] = env[name.lower()] = proxy
    return env


def uv_options(settings: PipSettings) -> list[str]:
    """What uv has no variable for and has to be told on its command line."""
    return ["--no-index"] if settings.no_index else []


def _uv_links(settings: PipSettings) -> list[str]:
    """The find-links as uv takes them: no comma, at which it splits, and no folder that is not there.

    pip passes such a folder over; uv ends.
    """
    links = []
    for link in settings.find_links:
        if "://" not in link and not link.startswith("file:"):
            if not os.path.exists(link):
                continue
            link = Path(link).as_uri() if "," in link else link
        links.append(link.replace(",", "%2C"))
    return links
