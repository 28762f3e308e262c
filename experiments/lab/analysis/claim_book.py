"""Claims: a sentence with named values, the code that finds them in records, and whether the sentence holds.

    book = Book("01")
    runs = book.record("ttft-8b-vllm")

    @book.claim(id="ttft-not-gpu", title="...", sentence="... {share} ...", records=[runs], tier="gpu", figure="x.svg",
                holds=above(50, "share"), labels={"share": "the GPU's share"})
    def ttft_not_gpu(runs):
        return {"share": intervals.share(...)}

    print(book.finish())

A claim's function gets its records in order. What it asks for is data (`verdict`), and so are the words on the page.
Modes (LAB_BOOK): `reference` reads experiments/records and writes experiments/claims; `local` reads and writes below
experiments/local (LAB_LOCAL names another folder) and leaves out what was not measured; `verify` reads the reference
records and writes nothing; `host` reads a further host's records, experiments/hosts/<LAB_HOST>, or those of a plan for
smaller cards, LAB_PLAN, leaves out what was not measured there and writes nothing. A claim rests on one host and one
plan: numbers of two are never compared.
"""

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.formats import record_format
from experiments.formats.whole_file import write_whole
from experiments.lab.analysis import claim_code, claim_plan, claim_result, claims_file, draw_figures, value_kinds
from experiments.lab.analysis.claim_records import one_host
from experiments.lab.errors import LabError, NoNumber, NothingToSay, NotMeasured
from experiments.lab.host import host_info
from experiments.lab.host.config import ROOT
from experiments.lab.records.record_file import Record
from experiments.lab.verdicts.verdict import Verdict

MODES = ("reference", "local", "verify", "host")
LENIENT = ("local", "host")  # what was not measured is left out
TIERS = ("gpu", "cpu", "cpu-server")
Function = Callable[..., Any]
_NAMED = re.compile(r"\{([a-z0-9_-]+)(?:\.\w+)?\}", re.I)


class Book:
    """The claims of one experiment, while its notebook runs."""

    opened: list["Book"] = []  # every Book of this process, for whoever ran the notebook

    def __init__(self, experiment: str, mode: str | None = None, root: Path = ROOT) -> None:
        self.experiment, self.root = experiment, root
        self.mode = mode or os.environ.get("LAB_BOOK", "reference")
        if self.mode not in MODES:
            raise LabError(f"LAB_BOOK={self.mode}: unknown; one of {', '.join(MODES)}")
        self.claims: list[dict[str, Any]] = []
        self.skipped: dict[str, str] = {}  # claim id -> why it was left out here
        self.halved: dict[str, str] = {}  # those of them of which some record is here
        self.figures: dict[str, str] = {}  # file name -> sha256 of what was drawn
        self.finished = False
        Book.opened.append(self)

    @property
    def base(self) -> Path:
        """Where claims and figures go."""
        if self.mode == "local":
            return Path(os.environ.get("LAB_LOCAL") or self.root / "experiments/local")
        return self.root / "experiments"

    @property
    def records(self) -> Path:
        """Where the experiment's records of this mode lie."""
        if self.mode == "host":
            return self.root / self.named
        return self.base / "records" / self.experiment

    @property
    def named(self) -> str:
        """How `records` is written in a claims file."""
        if self.mode == "host":
            return claim_plan.folder(os.environ["LAB_HOST"], self.experiment, os.environ)
        return f"experiments/{'local/' if self.mode == 'local' else ''}records/{self.experiment}"

    def record(self, measurement: str) -> Record:
        """The validated record of that measurement. NotMeasured where this mode's folder has none.

        In mode host a recording of a call path is the reference's: an order of functions is no number."""
        path = self.records / f"{measurement}.json"
        if self.mode == "host" and not path.is_file():
            recorded = self.base / "records" / self.experiment / path.name
            if recorded.is_file() and "recording" in (found := Record(recorded)).data:
                return found
        return Record(path)

    def fleets(self, what: str, server: str) -> list[str]:
        """The fleets, f1 first, in which `server` stood and `what` was measured of it."""
        named = re.compile(rf"{re.escape(what)}-f(\d+)-{re.escape(server)}\.json")
        names = (path.name for path in self.records.glob(f"{what}-f*-{server}.json"))
        return [f"f{number}" for number in sorted(int(match[1]) for match in map(named.fullmatch, names) if match)]

    def measured(self, what: str, server: str, fleet: str | None = None, beside: str | None = None) -> str:
        """The measurement `what` of a server: in that fleet, or in the first in which `beside` stood, by default the
        server itself. One that was not measured is named as if it stood in f1."""
        fleet = fleet or next(iter(self.fleets(what, beside or server)), "f1")
        return f"{what}-{fleet}-{server}"

    def measured_beside(self, what: str, servers: Sequence[str], references: Sequence[str]) -> list[str]:
        """The measurements `what` of these servers and of the references beside each, every one once."""
        names = [
            name
            for server in servers
            for name in [self.measured(what, server), *(self.measured(what, r, beside=server) for r in references)]
        ]
        return list(dict.fromkeys(names))

    def claim(
        self, *, id: str, title: str, sentence: str, records: Sequence[Record | str], tier: str,
        holds: Verdict, labels: Mapping[str, str] | None = None, figure: str | None = None,
        set_by: value_kinds.SetBy = None,
    ) -> Callable[[Function], Function]:
        """Evaluate the decorated function at once. It returns its values by name, or (values, facts), where facts are
        booleans and Values that only `holds` rests on. LabError for a claim without records, of two hosts, with an id
        already used, or whose sentence or verdict names a value it does not return.

        `holds` is what the claim asks for; its words are made of it, and `labels` calls values otherwise than by their
        names there ("gap": "the p99 gap"). `set_by` says what sets the values, "processor", "gpu" or "count", or so of
        each pattern of their names (`value_kinds`).

        `records` are Records or measurement names; recordings of call paths may be of several hosts, since an order of
        functions is no number.
        """

        def decorate(function: Function) -> Function:
            asked = Asked(id, title, sentence, records, tier, figure, holds, labels or {}, set_by)
            try:
                self.claims.append(self._evaluate(function, asked))
            except NotMeasured as error:
                if self.mode not in LENIENT:
                    raise
                self.skipped[id] = str(error)
                if any(map(self._is_here, records)):
                    self.halved[id] = str(error)
            except NothingToSay as error:
                self.skipped[id] = str(error)
            return function

        if any(claim["id"] == id for claim in self.claims) or id in self.skipped:
            raise LabError(f"experiment {self.experiment}: two claims are called {id}; give each its own id")
        return decorate

    def figure(self, name: str, height: float, phone: float) -> Callable[[Function], Function]:
        """Draw `experiments/figures/NN/<name>` by the decorated function, which gets (figure, axes) of matplotlib, and
        again for phones; heights in inches. Not in modes verify and host. A notebook shows the wide drawing."""

        def decorate(function: Function) -> Function:
            if self.mode in ("verify", "host"):
                return function
            try:
                drawn = draw_figures.both(function, name, height, phone, self.experiment)
            except NotMeasured:
                if self.mode != "local":
                    raise
                return function
            folder = self.base / "figures" / self.experiment
            folder.mkdir(parents=True, exist_ok=True)
            for file, text in drawn.items():
                write_whole(folder / file, text.encode())
                self.figures[file] = record_format.sha256(text.encode())
            draw_figures.show(drawn[name])
            return function

        return decorate

    def finish(self) -> str:
        """Write what the claims came to on this host, whole or not at all (`lab experiments` adds the further hosts). A
        notebook ends with what it returns: JSON text, {claim id: holds}."""
        self.finished = True
        summary = json.dumps({claim["id"]: claim["holds"] for claim in self.claims}, indent=1)
        if self.mode in ("verify", "host"):
            return summary
        drawn = {"figures": dict(sorted(self.figures.items()))} if self.figures else {}
        claims_file.write(self.base / "claims" / f"{self.experiment}.json", self.experiment, self.claims, **drawn)
        return summary

    def _is_here(self, record: Record | str) -> bool:
        path = record.path if isinstance(record, Record) else self.records / f"{record}.json"
        return path.is_file() and path.is_relative_to(self.records)

    def _evaluate(self, function: Function, asked: "Asked") -> dict[str, Any]:
        where = f"experiment {self.experiment}: claim {asked.id}"
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", asked.id):
            raise LabError(f"{where}: an id is lower-case letters, digits and hyphens")
        if asked.tier not in TIERS:
            raise LabError(f"{where}: tier {asked.tier!r} is unknown; one of {', '.join(TIERS)}")
        if not asked.records:
            raise LabError(f"{where}: rests on no record; name its records")
        records = [record if isinstance(record, Record) else self.record(record) for record in asked.records]
        host = one_host(records, where)
        if self.mode == "host" and host["id"] != os.environ["LAB_HOST"]:
            raise NotMeasured(f"{where}: rests on recordings of call paths alone, which are the reference's")
        plan = claim_plan.said(records, where)
        try:
            values, verdict = claim_result.evaluated(function, records, asked.holds, asked.labels, where)
        except NoNumber as error:
            # A bound for the large shape's times can lie where a small shape's never come: no gap over 100 ms, say.
            if not plan:
                raise
            raise NothingToSay(f"{error}; plan {plan['plan']['name']} has nothing of what the claim is about") from None
        if plan:
            facts = verdict["predicate"].get("facts", {})
            plan["plan"]["by_values"] = claim_result.of_values_alone(asked.holds, values, facts)
        if unknown := sorted(set(_NAMED.findall(asked.sentence)) - set(values)):
            raise LabError(
                f"{where}: its sentence names {', '.join(unknown)}, its code returns {', '.join(values) or 'no value'}"
            )
        return {
            "id": asked.id,
            "title": asked.title,
            "sentence": " ".join(asked.sentence.split()),
            "values": values,
            "kinds": value_kinds.kinds(values, asked.set_by, where),
            **verdict,
            "tier": asked.tier,
            "records": [
                {"path": f"{self.named}/{record.path.name}", "sha256": record.sha256}
                for record in records
            ],
            "code": claim_code.code_digest(function),
            "host": {"id": host["id"], "label": host_info.label(host)},
            **plan,
            "measured": max(record.data["started"] for record in records)[:10],
            "pin": {r.data["engine"]["name"]: r.data["engine"]["version"] for r in records if r.data["engine"]},
            "figure": f"figures/{self.experiment}/{asked.figure}" if asked.figure else None,
            "command": f"make experiments EXP={self.experiment}",
        }


@dataclass(frozen=True)
class Asked:
    """A claim as the notebook states it; the fields are `Book.claim`'s arguments."""

    id: str
    title: str
    sentence: str
    records: Sequence[Record | str]
    tier: str
    figure: str | None
    holds: Verdict
    labels: Mapping[str, str]
    set_by: value_kinds.SetBy
