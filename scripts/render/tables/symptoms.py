"""`/// symptoms`: what people see, as a list of links; `/// symptom | id`: one of them, with its heading.

The text of a sign is read from the pinned source while the page is built; what a change costs comes from claims.
"""

from dataclasses import dataclass

from markdown import Markdown

from scripts.catalog import knobs, symptoms
from scripts.catalog.symptoms import Symptom
from scripts.common.errors import SiteError
from scripts.pages.references import Use, heading_above
from scripts.quotes.manifest_tables import Excerpt
from scripts.render.page import templates
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.data_files import address
from scripts.render.tables import rows


@dataclass(frozen=True)
class ShownSign:
    """A sign: `text` of the pinned release, `kind` in words, and where its line is quoted, below the site's root."""

    text: str
    kind: str
    engine: str
    url: str


@dataclass(frozen=True)
class ShownChange:
    """A change: `flag` and `url` of its knob, "" without one; `unmeasured` whether its price is none of ours."""

    engine: str
    flag: str
    url: str
    do: str
    price: str
    unmeasured: bool


@dataclass(frozen=True)
class Place:
    """Where it is explained, drawn or recorded, below the site's root."""

    url: str
    text: str


class SymptomsBlock(PageBlock):
    """Takes no argument."""

    NAME = "symptoms"
    ARGUMENT = False

    def html(self) -> str:
        groups = rows.by_group((symptom.group, symptom.row) for symptom in self.evidence.symptoms.values())
        return templates.render("symptoms.html", groups=groups, inline=self.context.inline)


class SymptomBlock(PageBlock):
    """The argument is a symptom's id."""

    NAME = "symptom"
    ARGUMENT = True

    def html(self) -> str:
        every = self.evidence.symptoms
        if self.argument not in every:
            raise SiteError(f"is not in {symptoms.FILE}; use one of {', '.join(every) or 'none, none is there'}")
        symptom = every[self.argument]
        symptoms.check_claims(symptom, self.evidence.claims)
        return templates.render(
            "symptom.html",
            symptom=symptom.row,
            signs=[self._sign(sign, excerpt, symptom) for sign, excerpt in symptom.signs],
            places=self._places(symptom),
            boxes=[Place(f"map/#{box.anchor}", f"{self._engine(box.engine)}: {box.label}") for box in symptom.boxes],
            changes=[self._change(change, knob) for change, knob in symptom.changes],
            claims=rows.claims(symptom.claims, self.evidence),
            records=[Place(address(self.evidence.record(name).path), name) for name in symptom.records],
            root=self.root,
            inline=self.context.inline,
        )

    def _sign(self, sign: symptoms.Sign, excerpt: Excerpt, symptom: Symptom) -> ShownSign:
        line = symptoms.line_of(sign, excerpt, self.evidence.resolver, symptom.where)
        home = self._home(excerpt)
        return ShownSign(
            sign.at.strip(" " if sign.kind == "code" else " ,"),
            symptoms.KINDS[sign.kind],
            self._engine(excerpt.engine),
            f"{home.url.partition('#')[0]}#{excerpt.id}-L{line}" if home else "",
        )

    def _change(self, change: symptoms.Change, knob: knobs.Knob | None) -> ShownChange:
        flag = knob.flags[change.engine].own.name if knob else ""
        url = f"reference/knobs/#{knob.anchor}" if knob else ""
        return ShownChange(self._engine(change.engine), flag, url, change.do, change.price, change.unmeasured)

    def _places(self, symptom: Symptom) -> list[Place]:
        """Where posts explain it, each section once."""
        places: dict[str, Place] = {}
        for excerpt in symptom.read:
            place = self._place(excerpt)
            places.setdefault(place.text, place)
        return list(places.values())

    def _place(self, excerpt: Excerpt) -> Place:
        """The excerpt, called by its post and the heading above it."""
        home = self._home(excerpt)
        number = int(knobs.number_of(excerpt))
        name = f"post {number}" if number else "metrics"
        if home is None:
            return Place("", name)
        text = (self.evidence.root / "docs" / home.page).read_text("utf-8")
        heading = heading_above(text, home.line)
        return Place(home.url, f"{name}, {heading}" if heading else name)

    def _home(self, excerpt: Excerpt) -> Use | None:
        return next(iter(self.evidence.shown("excerpt", excerpt.id, excerpt.file)), None)

    def _engine(self, name: str) -> str:
        return self.evidence.pins[name].name


def register(md: Markdown, context: Context) -> None:
    """Adds the two blocks."""
    register_block(md, SymptomsBlock, context)
    register_block(md, SymptomBlock, context)
