"""Several servers side by side, started together and ended together, whatever becomes of one of them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.host.config import Settings
from experiments.lab.servers.server import Server
from experiments.lab.servers.server_spec import ServerSpec


class Running:
    """Several servers side by side, started together and ended together."""

    def __init__(self, specs: Sequence[ServerSpec], settings: Settings, folder: Path, one_by_one: bool = False):
        names = [spec.name for spec in specs]
        if len(set(names)) != len(names):
            raise LabError(f"two servers of one fleet are called alike ({', '.join(names)}); give each its own name")
        self.servers = {spec.name: Server(spec, settings, Path(folder) / spec.name) for spec in specs}
        self.one_by_one = one_by_one  # an engine that sizes its memory by what is free must not start beside another

    def start(self, on_wait: Callable[[], object] = lambda: None) -> dict[str, Server]:
        try:
            for server in self.servers.values():
                server.start()
                if self.one_by_one:
                    server.wait(on_wait)
            for server in self.servers.values():
                server.wait(on_wait)
        except BaseException:
            self.stop()
            raise
        return self.servers

    def waiting(self) -> str:
        """Names of those that are not healthy yet."""
        return ", ".join(name for name, server in self.servers.items() if server.started_s is None)

    def stop(self) -> None:
        for server in self.servers.values():
            server.stop(wait=False)
        for server in self.servers.values():
            server.stop()
