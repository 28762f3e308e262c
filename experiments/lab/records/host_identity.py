"""Whether records are of one host and one run there, as far as they tell: ids, GPU, driver, boot, the lab's digest."""

import hashlib
from typing import Any

from experiments.formats.strict_json import FormatError
from experiments.lab.errors import LabError

SAME = ("gpu", "uuid", "driver", "boot", "cpu")  # what all records of one host say alike
_TEXTS = ("experiment", "measurement", "started", "lab")


def facts(record: object) -> dict[str, Any]:
    """{"id", "gpu" (its name), "uuid", "driver", "boot", "cpu"} of a record's host, None for what it lacks.
    FormatError for what has no such host, or is otherwise no record: schema_check says more."""
    try:
        assert isinstance(record, dict)
        host = record["host"]
        gpu = host["gpu"] or {"name": None, "uuid": None}
        found = {name: host[name] for name in ("id", "driver", "boot", "cpu")}
        found |= {"gpu": gpu["name"], "uuid": gpu["uuid"]}
        assert all(isinstance(record[name], str) for name in _TEXTS) and isinstance(found["id"], str)
    except (AssertionError, KeyError, TypeError):
        raise FormatError("is no record, or lacks its host") from None
    return found


def id_of(record: dict[str, Any]) -> str | None:
    """The id that host/host_info.py gives the GPU, driver and boot of a record's host. None without a GPU: the name of
    the machine is part of it then, and no record holds that."""
    host = facts(record)
    if host["uuid"] is None:
        return None
    return hashlib.sha256(f"{host['uuid']}{host['driver']}{host['boot']}".encode()).hexdigest()[:16]


def one_run(records: list[tuple[str, dict[str, Any]]]) -> None:
    """LabError unless the records, each with how an error names it, are of one host, one GPU and one lab."""
    first, one = records[0]
    ours = facts(one)
    for where, record in records:
        theirs = facts(record)
        if theirs["id"] != ours["id"]:
            hosts = f"{ours['id']} ({first}) and {theirs['id']}"
            raise LabError(f"{where}: records of two hosts, {hosts}; measure all of an experiment on one, in one run")
        for name in SAME:
            if theirs[name] != ours[name]:
                text = f"two hosts with one id {ours['id']}: host.{name} is {theirs[name]}, in {first} {ours[name]}"
                raise LabError(f"{where}: {text}; a host is one GPU, driver and boot: measure again")
        if record["lab"] != one["lab"]:
            raise LabError(f"{where}: another version of the lab made it than {first}; measure both again, in one run")
    if (right := id_of(one)) not in (None, ours["id"]):
        text = f"host.id is {ours['id']}, its GPU, driver and boot give {right}: the host claims another GPU"
        raise LabError(f"{first}: {text}; measure again, a record is never edited")


def alone_in_its_id(record: dict[str, Any], others: list[tuple[str, dict[str, Any]]]) -> None:
    """LabError where another record of the same id, among those that lie here, is of another GPU, driver or boot."""
    ours = facts(record)
    for where, other in others:
        theirs = facts(other)
        for name in SAME:
            if theirs["id"] == ours["id"] and theirs[name] != ours[name]:
                text = f"two hosts with one id {ours['id']}: host.{name} is {ours[name]}, in {where} {theirs[name]}"
                raise LabError(f"{text}; one of the two was edited: measure again")
