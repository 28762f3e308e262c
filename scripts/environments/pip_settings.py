"""The user's pip settings, read as pip reads them, and handed on to tools that read none of them.

uv and unearth ignore pip's configuration files and variables. Whoever reaches their packages through a
mirror, a folder of wheels or a private certificate has said so to pip, and once is enough.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class PipSettings:
    """Where pip would look: addresses as the user wrote them, `timeout` in seconds."""

    index_url: str = ""
    extra_index_urls: list[str] = field(default_factory=list)
    find_links: list[str] = field(default_factory=list)
    trusted_hosts: list[str] = field(default_factory=list)
    cert: str = ""
    proxy: str = ""
    timeout: float = 15.0
    no_index: bool = False


def parse(listing: str) -> PipSettings:
    """Settings from what `pip config list` prints: one `section.key='value'` a line.

    A later section wins as in pip: global, then the command's own, then the environment.
    """
    values = {}
    for section in ("global.", "install.", "download.", ":env:."):
        for line in listing.splitlines():
            key, equals, value = line.partition("=")
            if equals and key.startswith(section):
                try:
                    values[key[len(section) :]] = str(ast.literal_eval(value))
                except (ValueError, SyntaxError):
                    values[key[len(section) :]] = value
    return PipSettings(
        index_url=values.get("index-url", ""),
        extra_index_urls=values.get("extra-index-url", "").split(),
        find_links=values.get("find-links", "").split(),
        trusted_hosts=values.get("trusted-host", "").split(),
        cert=values.get("cert", ""),
        proxy=values.get("proxy", ""),
        timeout=float(values.get("timeout") or values.get("default-timeout") or 15),
        no_index=values.get("no-index", "").lower() in ("1", "true", "yes", "on"),
    )


def read(python: str = sys.executable) -> PipSettings:
    """The settings of the user who runs `python -m pip`; empty ones where there is no pip.

    Without an index of the user's, `index_url` is the one pip itself falls back on, as pip spells it.
    """
    listing = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    settings = parse(listing.stdout)
    if not settings.index_url and not settings.no_index:
        code = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
        address = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
        settings.index_url = address.stdout.strip()
    return settings


def uv_environment(settings: PipSettings, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """`base` (default: this process's environment) plus what makes uv look where pip does.

    Variables of uv that the user has set stay as they are. Addresses travel in the environment, not in the
    command line, because they may hold a password.
    """
    env = dict(os.environ if base is None else base)
    ours = {
        "UV_DEFAULT_INDEX": settings.index_url,
        "UV_INDEX": " ".join(settings.extra_index_urls),
        "UV_FIND_LINKS": ",".join(settings.find_links),
        "UV_INSECURE_HOST": " ".join(settings.trusted_hosts),
        "UV_NO_INDEX": "1" if settings.no_index else "",
        "SSL_CERT_FILE": settings.cert,
        "UV_HTTP_TIMEOUT": str(int(max(settings.timeout, 30))),
        # pip takes the best match over all indexes; uv by default the first index that knows the name.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_NO_PROGRESS": "1",
    }
    for name, value in ours.items():
        if value:
            env.setdefault(name, value)
    return env
