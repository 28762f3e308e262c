"""The hosts that anything was measured on: those of the reference, from its records, and further ones, which the lab
filed in experiments/hosts/<host id>/NN and listed with their digests in index.json.

A host is one GPU, one driver, one boot. Further hosts' records were checked whole when they were filed; here digests
are compared, and each is read as JSON.
"""

from dataclasses import dataclass, field
from pathlib import Path

from experiments.formats import host_index, strict_json
from scripts.common.errors import SiteError
from scripts.measured.record_reader import Record

FOLDER = host_index.FOLDER


@dataclass
class Measured:
    """What a host measured of one experiment: files from the repository's root, days as YYYY-MM-DD, engines with the
    version of what was installed. `by` is a contributor's handle, None for this project."""

    experiment: str
    by: str | None = None
    measurements: list[str] = field(default_factory=list)
    recordings: list[str] = field(default_factory=list)  # of call paths
    days: set[str] = field(default_factory=set)
    engines: dict[str, str] = field(default_factory=dict)


@dataclass
class Host:
    """`facts` as a record's "host" has them; `measured` by experiment."""

    id: str
    facts: dict
    measured: dict[str, Measured] = field(default_factory=dict)

    @property
    def card(self) -> str:
        """The GPU's name; "" without one."""
        return self.facts["gpu"]["name"] if self.facts["gpu"] else ""

    @property
    def days(self) -> list[str]:
        return sorted(day for one in self.measured.values() for day in one.days)

    @property
    def by(self) -> list[str | None]:
        """Who measured, each once."""
        return list(dict.fromkeys(one.by for one in self.measured.values()))

    @property
    def engines(self) -> dict[str, str]:
        return {name: version for one in self.measured.values() for name, version in sorted(one.engines.items())}


def load(root: Path, records: list[Record], pins: dict[str, str]) -> list[Host]:
    """Every host, those with a GPU first, then by the day of its first record. `records` are the reference's, `pins`
    the pinned version of each engine. Raises SiteError, a line each, for what is not as it was filed, or is of another
    release."""
    if wrong := faults(root, pins):
        raise SiteError("\n".join(wrong))
    hosts: dict[str, Host] = {}
    for record in records:
        _add(hosts, record.path, record.data, None)
    for place, filed in sorted(host_index.read(root).items()):
        for name in sorted(filed.files):
            if name.endswith(".json"):
                path = f"{FOLDER}/{place}/{name}"
                _add(hosts, path, _json(root / path), filed.by)
    return sorted(hosts.values(), key=lambda host: (not host.card, host.card, host.days[0], host.id))


def faults(root: Path, pins: dict[str, str], experiment: str | None = None) -> list[str]:
    """A line for each further host's file, with a plan for smaller cards too, that is not as the lab filed it, or is a
    record of another release."""
    try:
        if wrong := host_index.faults(root, experiment):
            return wrong
        filed = {place: one for top in host_index.SCHEMAS for place, one in host_index.read(root, top).items()}
    except strict_json.FormatError as error:
        return [str(error)]
    for place in sorted(place for place in filed if experiment in (None, place[-2:])):
        for name in (name for name in sorted(filed[place].files) if name.endswith(".json")):
            where = f"{host_index.path(place)}/{name}"
            engine = _json(root / where)["engine"]
            if engine and pins.get(engine["name"]) not in (None, engine["version"]):
                wrong.append(
                    f"{where}: measured on {engine['name']} {engine['version']}, the pages quote "
                    f"{pins[engine['name']]}; measure again at the pin, or remove all of the host's: "
                    f"python -m experiments.lab hosts --drop {place}"
                )
    return wrong


def _add(hosts: dict[str, Host], path: str, data: dict, by: str | None) -> None:
    host = hosts.setdefault(data["host"]["id"], Host(data["host"]["id"], data["host"]))
    one = host.measured.setdefault(data["experiment"], Measured(data["experiment"], by))
    (one.recordings if "recording" in data else one.measurements).append(path)
    one.days.add(data["started"][:10])
    if engine := data["engine"]:
        one.engines[engine["distribution"]] = engine["distribution_version"]


def _json(file: Path) -> dict:
    data = strict_json.read(file.read_bytes())
    assert isinstance(data, dict)  # the lab checked it whole, and its digest is the one of then
    return data
