"""The servers that are up on the card, handed to one fleet after another under the names that each has for them."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.fleets.stand_plan import Key, Stand, keyed
from experiments.lab.host.config import Settings
from experiments.lab.servers.server import Server
from experiments.lab.servers.server_group import Running, Witness
from experiments.lab.servers.server_spec import ServerSpec


class Standing:
    """Which server is up for which key, what was measured on it, and how often it died in somebody's hands."""

    def __init__(self, settings: Settings, folder: Path, witness: Witness | None = None):
        self.running = Running(settings, folder, witness)
        self._labels: dict[Key, str] = {}
        self._specs: dict[Key, ServerSpec] = {}
        self._used: set[Key] = set()  # something was measured on it since it started
        self._died: dict[Key, str] = {}  # the line of the one death that is forgiven

    def up(self) -> dict[Key, Server]:
        found = {key: self.running.servers.get(label) for key, label in self._labels.items()}
        return {key: server for key, server in found.items() if server}

    def pids(self) -> set[int]:
        """Of the processes of all servers that are up."""
        return {pid for server in self.up().values() for pid in server.processes()}

    def clear(self, stand: Stand | None = None) -> None:
        """End the servers that the stand does not want, without one all. One that had died is noticed now."""
        wanted = stand.servers if stand else {}
        for label in [self._labels[key] for key, server in self.up().items() if not server.alive()]:
            self.running.lost(label)
        self._end([key for key in self.up() if key not in wanted])

    def stand_up(self, stand: Stand, on_wait: Callable[[], object], ahead: Sequence[ServerSpec] = ()) -> None:
        """Start what the stand wants and is not up. What does not start costs the fleets that want it, and says so
        when they ask for it. Servers `ahead` start beside these and are ended at once; what becomes of them is no
        matter."""
        for key, spec in stand.servers.items():
            self._specs[key] = spec
            self._labels.setdefault(key, self._label(spec))
        self._start([key for key in stand.servers if key not in self.up()], on_wait, stand.one_by_one, ahead)

    def hand_over(self, fleet: Fleet, on_wait: Callable[[], object]) -> dict[str, Server]:
        """The fleet's servers by its names for them, all alive. A server that died in another fleet's hands, or that
        the fleet wants untouched and is not, is started anew. LabError for one that cannot be had."""
        wanted = keyed(fleet.servers)
        again = [key for key in wanted if key not in self.up()]
        for key in wanted:
            if key in self.up() and (line := self.running.lost(self._labels[key])):
                self._note_death(key, line)
                again.append(key)
            elif key in self.up() and key in self._used and fleet.fresh:
                self._end([key])
                again.append(key)
        for key in again:
            if line := self.running.failed.get(self._labels[key]):
                raise LabError(line)
        self._start(again, on_wait, fleet.one_by_one)
        servers = {}
        for key, spec in wanted.items():
            if line := self.running.failed.get(self._labels[key]):
                raise LabError(line)
            server = servers[spec.name] = self.up()[key]
            server.known_as(spec)
            if key in self._used:
                server.adapter.drop_cache(server)
        return servers

    def take_back(self, fleet: Fleet, ended: Collection[str]) -> None:
        """The fleet is over; `ended` are the servers that it ended, by its names."""
        wanted = keyed(fleet.servers)
        of_no_use = [key for key, spec in wanted.items() if key in self.up() and spec.name in {*ended, *fleet.ends}]
        self._end(of_no_use)
        self._used |= wanted.keys() & self.up().keys()
        for key in wanted.keys() & self.up().keys():
            server = self.up()[key]
            if server.paused and server.alive():  # the fleet failed while it was
                server.resume()
            if line := self.running.lost(self._labels[key]):
                self._note_death(key, line)

    def _note_death(self, key: Key, line: str) -> None:
        """Once it is started anew, since what killed it may have been what was measured; not a second time."""
        if key in self._died:
            self.running.failed[self._labels[key]] = f"{line}; it was started anew once"
        self._died[key] = line

    def _start(
        self, keys: Collection[Key], on_wait: Callable[[], object], one_by_one: bool = False,
        ahead: Sequence[ServerSpec] = (),
    ) -> None:
        able = [key for key in keys if self._labels[key] not in self.running.failed]
        if not able:
            return
        self._used -= set(able)
        beside = {f"ahead-{number}-{spec.name}": spec for number, spec in enumerate(ahead, 1)}
        own = {self._labels[key]: self._specs[key] for key in able}
        self.running.start(own | beside, on_wait, one_by_one, once=beside.keys())
        for label in beside:
            self.running.failed.pop(label, None)
        self.running.stop(label for label in beside if label in self.running.servers)

    def _end(self, keys: Collection[Key]) -> None:
        self.running.stop([self._labels[key] for key in keys])
        self._used -= set(keys)

    def _label(self, spec: ServerSpec) -> str:
        """Its name, with a number where another server has that."""
        taken, number = set(self._labels.values()), 2
        label = spec.name
        while label in taken:
            label, number = f"{spec.name}-{number}", number + 1
        return label
