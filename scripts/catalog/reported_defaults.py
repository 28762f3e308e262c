"""What a started server said of a setting that it was started without: the default on the card of the records.

A record says it in `extra.says`, or, where its measurement is called `default-...`, in a sample of the setting's name.
Only servers that were started as they come are asked, whose measurements are called `default-...` or `...-default`: a
flag can change another one's default.
"""

import re
from dataclasses import dataclass

from scripts.measured.record_reader import Record
from scripts.quotes.manifest_tables import Setting

AS_IT_COMES = re.compile(r"default-.+|.+-default")


@dataclass(frozen=True)
class Said:
    """A value as the page shows it, and the record that has it."""

    value: str
    record: Record

    @property
    def gpu(self) -> str:
        return self.record.data["host"]["gpu"]["name"]


def of(setting: Setting, records: list[Record]) -> list[Said]:
    """What servers said, each different value once; [] where no record has it, or it is no flag."""
    values: dict[str, Said] = {}
    name = setting.name.removeprefix("--").replace("-", "_")
    # A record made for the purpose goes before one that has it by the way.
    for record in sorted(records, key=lambda record: not record.measurement.startswith("default-")):
        if setting.name.startswith("--") and _as_it_comes(record, setting):
            value = _value(record, name)
            if value is not None:
                shown = setting.shown.get(str(value), str(value))
                values.setdefault(shown, Said(shown, record))
    return list(values.values())


def _as_it_comes(record: Record, setting: Setting) -> bool:
    data = record.data
    return bool(
        data["engine"]
        and data["engine"]["name"] == setting.engine
        and data["host"]["gpu"]
        and AS_IT_COMES.fullmatch(record.measurement)
        and not any(part.partition("=")[0] == setting.name for part in data["command"])
    )


def _value(record: Record, name: str) -> object:
    says = record.data.get("extra", {}).get("says", {})
    if name in says:
        return says[name]
    if record.measurement.startswith("default-"):
        for sample in record.data["samples"]:
            if sample["name"] == name and len(sample["values"]) == 1:
                return sample["values"][0]
    return None
