"""`/// knobs`: every setting of every post once, the engines' counterparts beside each other, group by group.

A default is read from the pinned source while the page is built, the value on the card from a record of a started
server; what quotes the lines that decide it is found by their place.
"""

from scripts.catalog import knobs, reported_defaults, site_data
from scripts.measured.inline_figures import escaped
from scripts.quotes import engine_defaults
from scripts.quotes.excerpts import Resolver
from scripts.quotes.manifest import load_all
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.data_files import address
from scripts.render.tables import rows

NONE = "no counterpart in these posts"
UNMEASURED = "not measured here"


class KnobsBlock(PageBlock):
    """Takes no argument."""

    NAME = "knobs"
    ARGUMENT = False

    def html(self) -> str:
        return page_html(self.evidence, self.context.resolver, self.root, self.context.inline)


def page_html(stands_on: site_data.Evidence, resolver: Resolver, root: str, inline) -> str:
    """`root` is the way from the page to the site's root, `inline` makes HTML of inline Markdown. Raises SiteError."""
    found = knobs.load(stands_on.pins, stands_on.root)
    knobs.check_claims(found, stands_on.claims)
    cells = _Cells(stands_on, resolver, root, inline)
    groups = list(dict.fromkeys(knob.group for knob in found))
    columns = ("knob", *cells.engines.values(), "what it trades", "shown by")
    sections = "".join(
        rows.section(group, "knobs", columns, [cells.row(knob) for knob in found if knob.group == group])
        for group in groups
    )
    return f'<div class="knobs">{rows.links(groups, "knobs")}{sections}</div>'


class _Cells:
    """Makes the cells of a knob's row, of what the page stands on."""

    def __init__(self, stands_on: site_data.Evidence, resolver: Resolver, root: str, inline):
        self.evidence, self.resolver, self.root, self.inline = stands_on, resolver, root, inline
        self.engines = {engine: f"{pin.name} {pin.tag}" for engine, pin in stands_on.pins.items()}
        self.excerpts = [
            (knobs.number_of(each), each)
            for manifest in load_all(stands_on.root).values()
            for each in manifest.excerpts.values()
        ]

    def row(self, knob: knobs.Knob) -> str:
        flags = "".join(
            rows.cell(label, self._flag(knob.flags[engine]) if engine in knob.flags else f"<small>{NONE}</small>")
            for engine, label in self.engines.items()
        )
        cells = (
            rows.cell("what it trades", self.inline(knob.trades)),
            rows.cell("shown by", rows.claims(knob.claims, self.evidence, self.root) or UNMEASURED),
        )
        return (
            f'<tr id="{knob.anchor}" role="row"><th role="rowheader" scope="row">{escaped(knob.name)}</th>{flags}'
            f"{''.join(cells)}</tr>"
        )

    def _flag(self, flag: knobs.Flag) -> str:
        facts = []
        quoting = []
        for default in self._defaults(flag):
            where = f" <small>{self.inline(default.setting.where)}</small>" if default.setting.where else ""
            facts.append(("default", f"<code>{escaped(default.value)}</code>{where}"))
            if default.setting is flag.own:
                facts += [
                    ("started", self._said(each)) for each in reported_defaults.of(flag.own, self.evidence.records)
                ]
            quotes = self._quotes(default)
            quoting += quotes
            links = [_permalink(default), *(self._excerpt(*each, f"quoted in post {int(each[0])}") for each in quotes)]
            facts.append(("decided in", ", ".join(links)))
        acts = [self._excerpt(*each, "") for each in flag.excerpts if each not in quoting]
        if acts:
            facts.append(("acts in", ", ".join(acts)))
        facts.append(("advice", ", ".join(self._posts(flag))))
        return f'<code class="knob-flag">{escaped(flag.own.name)}</code>{rows.facts(facts)}'

    def _defaults(self, flag: knobs.Flag) -> list[engine_defaults.Default]:
        """The own setting's default, and each that is decided elsewhere, such as that of a CPU."""
        found: dict[tuple, engine_defaults.Default] = {}
        for setting in (flag.own, *flag.all):
            default = engine_defaults.read(setting, self.resolver.tables)
            found.setdefault((setting.path, default.last), default)  # where a match begins is the post's choice
        return list(found.values())

    def _said(self, each: reported_defaults.Said) -> str:
        place = f"{self.root}{address(each.record.path)}"
        return f'<code>{escaped(each.value)}</code> <a href="{place}">said by a server on an {escaped(each.gpu)}</a>'

    def _quotes(self, default: engine_defaults.Default) -> list:
        """(post, excerpt) of the first excerpt that shows the deciding lines; [] where none does."""
        setting = default.setting
        for post, excerpt in self.excerpts:
            if (excerpt.engine, excerpt.path) == (setting.engine, setting.path):
                shown = self.resolver.checked(excerpt)
                if shown.first <= default.first and default.last <= shown.last:
                    return [(post, excerpt)]
        return []

    def _excerpt(self, post: str, excerpt, text: str) -> str:
        text = text or f"<code>{escaped(excerpt.symbol)}</code> (post {int(post)})"
        home = self.evidence.home_of("excerpt", excerpt.id, excerpt.file)
        return f'<a href="{self.root}{home}">{text}</a>' if home else text

    def _posts(self, flag: knobs.Flag) -> list[str]:
        """The rows of the posts' own tables, which say who should change it: one a post."""
        found = {}
        for setting in flag.all:
            shown = self.evidence.settings_shown(setting.file)
            name = f"post {int(knobs.number_of(setting))}"
            found.setdefault(
                name,
                f'<a href="{self.root}{shown[0].url.partition("#")[0]}#{setting.anchor}">{name}</a>' if shown else name,
            )
        return list(found.values())


def _permalink(default: engine_defaults.Default) -> str:
    setting, lines = default.setting, default.lines.replace("-", "\N{EN DASH}")
    file = setting.path.rpartition("/")[2]
    return (
        f'<a href="{escaped(default.permalink)}" title="{escaped(setting.path)}">'
        f"<code>{escaped(file)}:{lines}</code></a>"
    )


def register(md, context) -> None:
    """Adds the block."""
    register_block(md, KnobsBlock, context)
