"""Reading what the notebooks' claims came to: `experiments/claims/NN.json`, written by `make experiments` alone.

Here it is checked that a claim rests on records that are still what they were, and its values are put into
words. Whether the claim still follows from the records is evaluated by the lab, not here.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from experiments.formats import json_schema, record_format, record_list, strict_json, value_format, verdict_words
from scripts.common.errors import SiteError
from scripts.measured import claim_hosts

FOLDER = "experiments/claims"
SCHEMA = Path(__file__).parents[1] / "schema" / "claims.schema.json"
_NAME = re.compile(r"\{([a-z0-9_.-]+)\}", re.I)


@dataclass(frozen=True)
class Claim:
    """One claim as evaluated. `file` is its claims file, relative to the repository."""

    id: str
    experiment: str
    file: str
    data: dict = field(repr=False)

    @property
    def holds(self) -> bool:
        """Whether it holds on every host."""
        return self.data["holds"]

    @cached_property
    def hosts(self) -> list[claim_hosts.Host]:
        """The hosts it was evaluated on, first the one that `values` and `records` are of."""
        return claim_hosts.of(self.data)

    @property
    def verdicts(self) -> list[bool]:
        """Whether it holds, host by host."""
        return [host.holds for host in self.hosts]

    @property
    def verdict(self) -> str:
        """`holds`, `holds on 2 of 3` or `does not hold`."""
        return verdict_words.verdict(self.verdicts)

    @property
    def state(self) -> str:
        """Which of these three it is, for colour and mark: `true`, `some` or `false`."""
        return verdict_words.state(self.verdicts)

    @property
    def where(self) -> str:
        """The first host, and how many there are besides."""
        others = len(self.hosts) - 1
        return self.hosts[0].label + (f", and {others} other host{'s' if others > 1 else ''}" if others else "")

    def range_of(self, name: str) -> tuple[float, float] | None:
        """What to expect of a value on another host of this card, (low, high) in its unit; None where nobody knows."""
        expected = self.data["range"].get(name)
        return (expected["low"], expected["high"]) if expected else None

    def value(self, name: str) -> dict:
        """{"value", "unit", "ci"?, "n"?, "digits"?} of a named value. Raises SiteError for an unknown name."""
        try:
            return self.data["values"][name]
        except KeyError:
            known = ", ".join(self.data["values"]) or "none"
            raise SiteError(f"{self.file}: claim {self.id} has no value {name!r} (it has: {known})") from None

    def text(self, reference: str) -> str:
        """`name`: the first host's value with unit; `name.ci`: its interval; `name.n`: how many samples it rests on;
        `name.range`: what to expect on another host; `name.hosts`: every host's value. Of the claim itself, `hosts`:
        how many there are; `holds_on`: on how many it holds."""
        if reference == "hosts":
            return verdict_words.count(len(self.hosts))
        if reference == "holds_on":
            return verdict_words.holds_on(self.verdicts)
        name, _, part = reference.partition(".")
        value = self.value(name)
        if part == "":
            return value_format.formatted(value)
        if part == "ci" and value.get("ci"):
            return value_format.interval(value)
        if part == "n" and value.get("n") is not None:
            return f"{value['n']:,}"
        if part == "range" and (expected := self.range_of(name)):
            return value_format.expected(*expected, value)
        if part == "hosts":
            return value_format.listed([host.values[name] for host in self.hosts if name in host.values])
        raise SiteError(
            f"{self.file}: claim {self.id}: {reference!r} is not there; "
            "write NAME, NAME.ci, NAME.n, NAME.range or NAME.hosts"
        )

    def sentence(self, wrap=lambda text, name: text, escape=lambda text: text) -> str:
        """The sentence with its values filled in. `wrap(text, name)` may dress each, `escape` what is between."""
        return _NAME.sub(lambda found: wrap(self.text(found[1]), found[1]), escape(self.data["sentence"]))


def load(path: Path, root: Path, records: dict | None = None) -> list[Claim]:
    """The claims of one file, checked against their records.

    records: path -> Record as already loaded; a digest is then taken from there instead of the file.
    Raises SiteError for a claim without records, a record that is gone or changed, an unknown value name.
    """
    where = path.resolve().relative_to(root.resolve()).as_posix()
    try:
        data = claim_hosts.with_own_hosts(strict_json.read(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise SiteError(f"{where}: cannot be read ({error}); write it again: make experiments") from None
    if (fault := json_schema.first_fault(data, SCHEMA)) is not None:
        trail = list(fault.path)
        claims = data["claims"] if isinstance(data, dict) and trail[:1] == ["claims"] and len(trail) > 1 else None
        name = claims[trail[1]].get("id", trail[1]) if claims else ""
        rest = ".".join(str(part) for part in trail[2:] if name != "") or ".".join(map(str, trail))
        if rest.endswith("records"):
            raise SiteError(f"{where}: claim {name} rests on no record; name its records in the notebook")
        raise SiteError(f"{where}: claim {name} {rest}: {fault.message[:160]}; write it again: make experiments")
    assert isinstance(data, dict)  # the schema has seen to it
    claims = []
    digests = {name: record.sha256 for name, record in (records or {}).items()}
    for item in data["claims"]:
        claim = Claim(item["id"], data["experiment"], where, item)
        claim_hosts.check(item, f"{where}: claim {claim.id}")
        for rest in item["records"] + [record for host in claim.hosts[1:] for record in host.records]:
            _same_record(claim, rest, root, digests)
        claim.sentence()  # raises for a value that the sentence names and the claim lacks
        claims.append(claim)
    return claims


def load_all(root: Path, records: list | None = None) -> dict[str, Claim]:
    """Every claim by id. Raises SiteError when two claims have one id."""
    known = {record.path: record for record in records} if records is not None else None
    found: dict[str, Claim] = {}
    for path in sorted((root / FOLDER).glob("*.json")):
        for claim in load(path, root, known):
            if claim.id in found:
                raise SiteError(f"{claim.file}: two claims are called {claim.id} (the other: {found[claim.id].file})")
            found[claim.id] = claim
    return found


def _same_record(claim: Claim, rest: dict, root: Path, digests: dict[str, str]) -> None:
    """`digests` by path, of what has been read; another one is added."""
    digest = digests.get(rest["path"])
    if digest is None:
        try:
            digest = digests[rest["path"]] = record_format.sha256((root / rest["path"]).read_bytes())
        except OSError:
            raise SiteError(
                f"{claim.file}: claim {claim.id} rests on {rest['path']}, which is not there; "
                "restore it or write the claim again: make experiments"
            ) from None
    if digest != record_format.digits(rest["sha256"]):
        if record_list.edited(root, rest["path"]):
            raise SiteError(record_list.line_of_edited(rest["path"]))
        raise SiteError(
            f"{claim.file}: claim {claim.id} was evaluated on another {rest['path']} "
            f"(digest {record_format.digits(rest['sha256'])[:12]}..., now {digest[:12]}...); "
            "evaluate it again: make experiments"
        )
