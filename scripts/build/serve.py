"""`make serve`: MkDocs' development server on 127.0.0.1, rebuilding after each edit."""

import argparse
import errno
import signal
import socket
import subprocess
import sys

from scripts.build.build_site import mkdocs_environment
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.common.progress import Ticking

HOST = "127.0.0.1"


def require_free(port: int) -> None:
    """Raises SiteError unless `port` of 127.0.0.1 can be bound, before anything is built for it."""
    with socket.socket() as probe:
        # As the server will: an address still in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OverflowError:
            raise SiteError(f"port {port}: there are ports 1 to 65535; try `make serve PORT=8001`") from None
        except OSError as error:
            cause = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise SiteError(
                f"port {port} of {HOST} {cause}; stop what uses it, or `make serve PORT={port + 1}`"
            ) from None


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.build.serve", description="serve the site with live reload"
    )
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    require_free(options.port)
    # click's broken releases lose the default of --livereload; said aloud it holds with all of them.
    server = subprocess.Popen(
        [sys.executable, "-m", "mkdocs", "serve", "--livereload", "--dev-addr", f"{HOST}:{options.port}"],
        cwd=ROOT,
        env=mkdocs_environment(),
    )
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    try:
        with Ticking("building the site"):
            while server.poll() is None and not answers(options.port):
                try:
                    server.wait(0.2)
                except subprocess.TimeoutExpired:
                    pass
        return server.wait()
    except KeyboardInterrupt:
        server.wait()  # the terminal has interrupted it too
        return 0
    finally:
        if server.poll() is None:
            server.terminate()
            server.wait()


def answers(port: int) -> bool:
    """Whether something accepts connections on `port`."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


if __name__ == "__main__":
    run_cli(main)
