"""`/// knobs`: every setting of every post once, the engines' counterparts beside each other, group by group.

A default is read from the pinned source while the page is built, the value on the card from a record of a started
server; what quotes the lines that decide it is found by their place.
"""

from dataclasses import dataclass

from markdown import Markdown

from scripts.catalog import knobs, reported_defaults, site_data
from scripts.quotes import engine_defaults
from scripts.quotes.excerpts import Resolver
from scripts.quotes.manifest import Excerpt, load_all
from scripts.render.page import templates
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.data_files import address
from scripts.render.page.html import Inline
from scripts.render.tables import rows


class KnobsBlock(PageBlock):
    """Takes no argument."""

    NAME = "knobs"
    ARGUMENT = False

    def html(self) -> str:
        return page_html(self.evidence, self.context.resolver, self.root, self.context.inline)


@dataclass(frozen=True)
class Place:
    """Where the site shows something: `url` is below its root, "" where it is nowhere; a `symbol` is code."""

    url: str
    text: str
    symbol: str = ""


@dataclass(frozen=True)
class Report:
    """The value that a started server gave, on which card, and its record below the site's root."""

    value: str
    url: str
    gpu: str


@dataclass(frozen=True)
class ShownDefault:
    """A default with the condition it holds under, in inline Markdown, and the lines that decide it."""

    value: str
    where: str
    reports: list[Report]
    permalink: str
    path: str
    place: str
    quotes: list[Place]


@dataclass(frozen=True)
class ShownFlag:
    """A knob in one engine: `acts` are excerpts that act on it, `advice` the posts that say who should change it."""

    name: str
    defaults: list[ShownDefault]
    acts: list[Place]
    advice: list[Place]


@dataclass(frozen=True)
class Row:
    """A knob's row; `flags` has one entry an engine, by its name and tag, None where no post speaks of one."""

    anchor: str
    name: str
    trades: str
    flags: dict[str, ShownFlag | None]
    claims: list[rows.ShownClaim]


def page_html(evidence: site_data.Evidence, resolver: Resolver, root: str, inline: Inline) -> str:
    """`root` is the way from the page to the site's root, `inline` makes HTML of inline Markdown. Raises SiteError."""
    every_knob = knobs.load(evidence.pins, evidence.root)
    knobs.check_claims(every_knob, evidence.claims)
    table = _Table(evidence, resolver)
    groups = rows.by_group((knob.group, table.row(knob)) for knob in every_knob)
    return templates.render("knobs.html", groups=groups, engines=list(table.engines.values()), root=root, inline=inline)


class _Table:
    """Makes the rows, of what the page stands on."""

    def __init__(self, evidence: site_data.Evidence, resolver: Resolver):
        self.evidence, self.resolver = evidence, resolver
        self.engines = {engine: f"{pin.name} {pin.tag}" for engine, pin in evidence.pins.items()}
        self.excerpts = [
            (knobs.number_of(excerpt), excerpt)
            for manifest in load_all(evidence.root).values()
            for excerpt in manifest.excerpts.values()
        ]

    def row(self, knob: knobs.Knob) -> Row:
        flags = {
            label: self._flag(knob.flags[engine]) if engine in knob.flags else None
            for engine, label in self.engines.items()
        }
        return Row(knob.anchor, knob.name, knob.trades, flags, rows.claims(knob.claims, self.evidence))

    def _flag(self, flag: knobs.Flag) -> ShownFlag:
        defaults, quoting = [], []
        for default in self._defaults(flag):
            quotes = self._quotes(default)
            quoting += quotes
            defaults.append(self._shown(default, flag, quotes))
        acts = [
            Place(self._home(excerpt), f"(post {int(post)})", excerpt.symbol)
            for post, excerpt in flag.excerpts
            if (post, excerpt) not in quoting
        ]
        return ShownFlag(flag.own.name, defaults, acts, self._posts(flag))

    def _defaults(self, flag: knobs.Flag) -> list[engine_defaults.Default]:
        """The own setting's default, and each that is decided elsewhere, such as that of a CPU."""
        defaults: dict[tuple, engine_defaults.Default] = {}
        for setting in (flag.own, *flag.all):
            default = engine_defaults.read(setting, self.resolver.tables)
            defaults.setdefault((setting.path, default.last), default)  # where a match begins is the post's choice
        return list(defaults.values())

    def _shown(self, default: engine_defaults.Default, flag: knobs.Flag, quotes: list) -> ShownDefault:
        setting = default.setting
        file, lines = setting.path.rpartition("/")[2], default.lines.replace("-", "\N{EN DASH}")
        return ShownDefault(
            default.value,
            setting.where,
            self._reports(flag) if setting is flag.own else [],
            default.permalink,
            setting.path,
            f"{file}:{lines}",
            [Place(self._home(excerpt), f"quoted in post {int(post)}") for post, excerpt in quotes],
        )

    def _reports(self, flag: knobs.Flag) -> list[Report]:
        values = reported_defaults.of(flag.own, self.evidence.records)
        return [Report(value.value, address(value.record.path), value.gpu) for value in values]

    def _quotes(self, default: engine_defaults.Default) -> list[tuple[str, Excerpt]]:
        """(post, excerpt) of the first excerpt that shows the deciding lines; [] where none does."""
        setting = default.setting
        for post, excerpt in self.excerpts:
            if (excerpt.engine, excerpt.path) == (setting.engine, setting.path):
                shown = self.resolver.checked(excerpt)
                if shown.first <= default.first and default.last <= shown.last:
                    return [(post, excerpt)]
        return []

    def _home(self, excerpt: Excerpt) -> str:
        return self.evidence.home_of("excerpt", excerpt.id, excerpt.file) or ""

    def _posts(self, flag: knobs.Flag) -> list[Place]:
        """The rows of the posts' own tables, which say who should change it: one a post."""
        posts: dict[str, Place] = {}
        for setting in flag.all:
            shown = self.evidence.settings_shown(setting.file)
            name = f"post {int(knobs.number_of(setting))}"
            url = f"{shown[0].url.partition('#')[0]}#{setting.anchor}" if shown else ""
            posts.setdefault(name, Place(url, name))
        return list(posts.values())


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, KnobsBlock, context)
