"""`make serve`: the site on 127.0.0.1, at `/`, built again after each edit."""

import argparse
import errno
import os
import signal
import socket
from pathlib import Path

from scripts.build.build_site import mkdocs_environment
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT

HOST = "127.0.0.1"
PORT = 8000
TRIED = 50  # ports from PORT on, when none was asked for


def is_free(port: int) -> bool:
    """Whether `port` of 127.0.0.1 can be bound. Raises SiteError for one that never could be."""
    with socket.socket() as probe:
        # As the server will: an address still in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OverflowError:
            raise SiteError(f"port {port}: there are ports 1 to 65535; try `make serve PORT=8001`") from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise SiteError(
                f"port {port} of {HOST} cannot be used ({error.strerror}); try `make serve PORT={port + 1}`"
            ) from None
    return True


def free_port(asked: int | None) -> int:
    """The port that was asked for, or the first free one from PORT on. Raises SiteError where there is none: a port
    that was asked for is not exchanged for another."""
    if asked is not None:
        if not is_free(asked):
            raise SiteError(
                f"port {asked} of {HOST} is taken; stop what uses it, or `make serve` alone finds a free one"
            )
        return asked
    for port in range(PORT, PORT + TRIED):
        if is_free(port):
            return port
    raise SiteError(f"ports {PORT} to {PORT + TRIED - 1} of {HOST} are taken; name another, `make serve PORT=9000`")


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.build.serve", description="serve the site with live reload"
    )
    parser.add_argument("--port", type=int, help=f"this one and no other (default: the first free one from {PORT} on)")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project (default: this one)")
    options = parser.parse_args()
    port = free_port(options.port)
    os.environ.update(mkdocs_environment())
    signal.signal(signal.SIGTERM, _stop)
    from scripts.build import dev_server  # half a second, which a taken port need not wait for

    try:
        dev_server.serve(options.root.resolve(), HOST, port)
    except KeyboardInterrupt:
        pass  # while the first build ran


if __name__ == "__main__":
    run_cli(main)
