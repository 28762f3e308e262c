"""The symptoms: what people see, by the words they use, with the line that shows it, what to change, and what shows so.

snippets/symptoms.toml holds them. A sign is text of a pinned release: it names an excerpt ("00/kv-size") and the piece
of one of its lines that a reader meets in a log, a metric or an answer, so that a release that says it otherwise is
noticed. A change names a knob of snippets/knobs.toml, and its price refers to claims, `{{claim.value}}`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from scripts.catalog import engine_map, knobs, row_groups
from scripts.catalog.engine_map import Box
from scripts.catalog.knobs import Knob
from scripts.catalog.row_groups import Group
from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.common.toml_tables import Id, Table, Text, one_of, refused
from scripts.measured.claim_reader import Claim
from scripts.pages.references import REFERENCE, Use
from scripts.quotes import manifest as manifests
from scripts.quotes.excerpts import Resolver, place_of
from scripts.quotes.manifest_tables import Excerpt

FILE = "snippets/symptoms.toml"
PAGE = "symptoms.md"  # below docs/
TABLES: dict[str, type] = {"group": list, "symptom": list}
KINDS = {"metric": "metric", "log": "log line", "answer": "answer to the client", "code": "line that decides it"}
NO_PRICE = ("None", "See ")  # how a price begins that is none, or stands elsewhere
Words = Annotated[tuple[Text, ...], msgspec.Meta(extra=refused("{key} must be a list of texts; correct it"))]


class Sign(Table, frozen=True):
    """What shows it: `at` is text of one line of the excerpt, as it stands in the pinned release."""

    KIND, NAME, BEFORE = "sign", "at", ", "
    excerpt: Text
    at: Text
    kind: Text


class Change(Table, frozen=True):
    """What to change in an engine, and what that costs: both inline Markdown. `knob` is "" where no knob is meant."""

    KIND, NAME, BEFORE = "change", "engine", ", "
    engine: Text
    do: Text
    price: Text
    knob: str = ""

    @property
    def unmeasured(self) -> bool:
        """Whether there is a price to pay, and no value of this site in it."""
        return not (REFERENCE.search(self.price) or self.price.startswith(NO_PRICE))


class SymptomRow(Table, frozen=True):
    """A [[symptom]] as it stands in the file; texts are inline Markdown."""

    KIND = "symptom"
    id: Id
    group: Text
    title: Text
    answer: Text
    look: Text
    why: Text
    otherwise: Text
    says: Words = ()
    read: Words = ()
    boxes: Words = msgspec.field(name="box", default=())
    claims: Words = ()
    signs: tuple[Sign, ...] = msgspec.field(name="sign", default=())
    changes: tuple[Change, ...] = msgspec.field(name="change", default=())

    @property
    def prose(self) -> list[str]:
        """Every text of it that a reader sees, in order."""
        of_changes = [text for change in self.changes for text in (change.do, change.price)]
        return [self.title, *self.says, self.answer, self.look, self.why, *of_changes, self.otherwise]


@dataclass(frozen=True)
class Symptom:
    """One symptom, found whole: `signs` with their excerpts, `read` the excerpts beside which a post explains it,
    `boxes` where it happens on the map, `changes` with their knobs (None where none is named)."""

    row: SymptomRow
    group: Group
    signs: tuple[tuple[Sign, Excerpt], ...]
    read: tuple[Excerpt, ...]
    boxes: tuple[Box, ...]
    changes: tuple[tuple[Change, Knob | None], ...]

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def where(self) -> str:
        """How an error names it."""
        return f"{FILE}: symptom '{self.row.id}'"

    @property
    def values(self) -> list[tuple[str, str]]:
        """(claim, value) of every reference to a claim in its texts."""
        parts = (text.partition(".") for text in self._references if not text.startswith("record:"))
        return [(claim, value) for claim, _, value in parts]

    @property
    def records(self) -> tuple[str, ...]:
        """The records that its texts refer to, each once, as references call them."""
        named = (
            text.removeprefix("record:").partition("#")[0] for text in self._references if text.startswith("record:")
        )
        return tuple(dict.fromkeys(named))

    @property
    def _references(self) -> list[str]:
        return [reference[1].strip() for text in self.row.prose for reference in REFERENCE.finditer(text)]

    @property
    def claims(self) -> tuple[str, ...]:
        """The claims it rests on, each once: those of its texts and those it names besides."""
        return tuple(dict.fromkeys([*self.row.claims, *(claim for claim, _ in self.values)]))


def load(engines: Iterable[str], root: Path = ROOT) -> list[Symptom]:
    """Every symptom, in the order of its group and of the file. Claims, signs and the page are looked at by `check`.

    Raises SiteError for anything not understood, for an id that is not there, and for an engine left out.
    """
    engines = tuple(engines)
    tables = row_groups.tables(root, FILE, TABLES, "[[group]] or [[symptom]]")
    groups = row_groups.groups(tables.get("group", []), "symptoms", FILE)
    rows = toml_tables.by_name(toml_tables.read_each(tables.get("symptom", []), SymptomRow, FILE), FILE)
    known = {knob.id: knob for knob in knobs.load(engines, root)} if rows else {}
    boxes = {box.id: box for drawn in engine_map.load(root).values() for box in drawn.boxes}
    excerpts = quoted(root)
    symptoms = [_symptom(row, engines, groups, known, boxes, excerpts) for row in rows.values()]
    return row_groups.in_order(symptoms, groups, "symptom", FILE)


def quoted(root: Path) -> dict[str, Excerpt]:
    """Every excerpt by its post's number and its id; of two manifests with a number and an id in common the first."""
    found: dict[str, Excerpt] = {}
    for manifest in manifests.load_all(root).values():
        for excerpt in manifest.excerpts.values():
            found.setdefault(f"{knobs.number_of(excerpt)}/{excerpt.id}", excerpt)
    return found


def check(symptoms: list[Symptom], claims: Mapping[str, Claim], resolver: Resolver, uses: Iterable[Use]) -> None:
    """Raises SiteError for a claim or a value that is not there, for a sign that its excerpt does not hold, and for a
    symptom that the page does not show."""
    shown = [use.id for use in uses if use.kind == "symptom" and use.page == PAGE]
    for symptom in symptoms:
        check_claims(symptom, claims)
        for sign, excerpt in symptom.signs:
            line_of(sign, excerpt, resolver, symptom.where)
        if symptom.id not in shown:
            raise SiteError(f"{symptom.where}: docs/{PAGE} does not show it; write '/// symptom | {symptom.id}' there")


def check_claims(symptom: Symptom, claims: Mapping[str, Claim]) -> None:
    """Raises SiteError for a claim that is not in `claims`, those of the site by id, or a value that it has not."""
    for name in symptom.row.claims:
        row_groups.check_claim(name, claims, symptom.where)
    for name, value in symptom.values:
        row_groups.check_claim(name, claims, symptom.where)
        try:
            claims[name].text(value)
        except SiteError as error:
            raise SiteError(f"{symptom.where}: {error}; correct the reference") from None


def line_of(sign: Sign, excerpt: Excerpt, resolver: Resolver, where: str) -> int:
    """The pinned line that holds a sign. Raises SiteError where the excerpt does not hold it once."""
    resolved = resolver.checked(excerpt)
    number, _ = place_of(sign.at, resolved.lines, resolved.first, f"{where}, sign '{sign.at}'")
    return number


def _symptom(
    row: SymptomRow,
    engines: tuple[str, ...],
    groups: Mapping[str, Group],
    known: Mapping[str, Knob],
    boxes: Mapping[str, Box],
    excerpts: Mapping[str, Excerpt],
) -> Symptom:
    where = f"{FILE}: symptom '{row.id}'"
    one_of(row.group, groups, "group", where)
    for text in row.prose:
        if text.startswith(("#", ">", "- ", "* ")):
            raise SiteError(f"{where}: '{text[:30]}' would be no words of a line; put its first word into `backticks`")
    for sign in row.signs:
        one_of(sign.kind, KINDS, "kind", f"{where}, sign '{sign.at}'")
    for box in row.boxes:
        one_of(box, boxes, "box", where)
    for engine in engines:
        if engine not in {change.engine for change in row.changes}:
            raise SiteError(f'{where}: says nothing of {engine}; add a [[symptom.change]] with engine = "{engine}"')
    return Symptom(
        row,
        groups[row.group],
        tuple((sign, _excerpt(sign.excerpt, excerpts, where)) for sign in row.signs),
        tuple(_excerpt(name, excerpts, where) for name in row.read),
        tuple(boxes[box] for box in row.boxes),
        tuple((change, _knob(change, engines, known, where)) for change in row.changes),
    )


def _excerpt(name: str, excerpts: Mapping[str, Excerpt], where: str) -> Excerpt:
    if name not in excerpts:
        there = ", ".join(other for other in excerpts if other.startswith(f"{name.partition('/')[0]}/"))
        there = there or "NN/id, as the excerpts of a post"
        raise SiteError(f"{where}: excerpt '{name}' is not defined; use one of {there}")
    return excerpts[name]


def _knob(change: Change, engines: Collection[str], known: Mapping[str, Knob], where: str) -> Knob | None:
    one_of(change.engine, engines, "engine", where)
    if not change.knob:
        return None
    one_of(change.knob, known, "knob", where)
    if change.engine not in known[change.knob].flags:
        raise SiteError(
            f"{where}: knob '{change.knob}' has no flag of {change.engine}; name another knob, or leave 'knob' out"
        )
    return known[change.knob]
