"""Inline references: `{{claim.value}}`, `{{mark:claim}}`, `{{record:NN/name#field}}`, `{{setting:NN/id}}`; and the
marks `{fixed: ...}`, `{quoted: ...}`.

A number on a page is one of these, or it is typed, and a typed one is refused (scripts/catalog/typed_numbers.py).
"""

import re
from xml.etree import ElementTree as etree

from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.util import AtomicString

from experiments.formats import verdict_words
from experiments.formats.value_format import NARROW, number
from scripts.catalog.famous_numbers import described
from scripts.catalog.site_data import Evidence
from scripts.common.errors import SiteError
from scripts.pages.references import page_url, to_root
from scripts.quotes import engine_defaults
from scripts.render.page.build_context import Context
from scripts.render.page.data_files import address
from scripts.render.page.html import escaped

REFERENCE = r"\{\{ *([^{}\n]+?) *\}\}"
MARK = r"\{(fixed|quoted): *([^{}\n]+?) *\}"
BYTES = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def resolve(reference: str, evidence: Evidence) -> tuple[str, str, str]:
    """(text, link below the site's root, title) of what stands between the braces. Raises SiteError."""
    if reference.startswith("record:"):
        return _record(reference, evidence)
    if reference.startswith("setting:"):
        return _setting(reference, evidence)
    name, dot, value = reference.partition(".")
    if not dot:
        raise SiteError(
            f"{{{{{reference}}}}}: names no value; write {{{{claim.value}}}} or {{{{record:NN/name#field}}}}"
        )
    claim = evidence.claim(name)
    return claim.text(value), home(name, evidence), f"{claim.data['title']}: {claim.verdict}, {claim.where}"


def home(claim: str, evidence: Evidence) -> str:
    """The address of a claim's card below the site's root, or of its line in the ledger while no page shows it."""
    return evidence.home_of("claim", claim) or f"{_ledger(evidence)}#ledger-claim-{claim}"


def _record(reference: str, evidence: Evidence) -> tuple[str, str, str]:
    name, hash_, field = reference.removeprefix("record:").partition("#")
    if not hash_:
        raise SiteError(f"{{{{{reference}}}}}: names no field; write {{{{record:{name}#host.gpu.name}}}}")
    field, _, unit = (part.strip() for part in field.partition("|"))
    record = evidence.record(name.strip())
    value = record.at(field)
    if unit:
        if unit not in BYTES or not isinstance(value, (int, float)):
            raise SiteError(f"{{{{{reference}}}}}: a field in bytes can be shown in {', '.join(BYTES)}, not {unit!r}")
        text = f"{number(value / BYTES[unit])}{NARROW}{unit}"
    elif isinstance(value, (int, float)):
        text = number(value)
    elif isinstance(value, str):
        text = value
    elif isinstance(value, list) and all(isinstance(part, str) for part in value):
        text = " ".join(value)
    else:
        raise SiteError(f"{{{{{reference}}}}}: {field} is no single value; name a field inside it")
    return text, address(record.path), f"{record.path}: {field}"


def _setting(reference: str, evidence: Evidence) -> tuple[str, str, str]:
    name = reference.removeprefix("setting:").strip()
    try:
        default = engine_defaults.read(engine_defaults.named(name, evidence.root), evidence.tables)
    except SiteError as error:
        raise SiteError(f"{{{{{reference}}}}}: {error}") from None
    setting = default.setting
    pages = evidence.settings_shown(setting.file)
    link = f"{page_url(pages[0].page)}#{setting.anchor}" if pages else ""
    title = f"{default.pin.name} {default.pin.tag}: {setting.name}, {setting.path}:{default.lines}"
    return in_prose(default.value), link, title


def in_prose(default: str) -> str:
    """A default as a sentence has it: a number with each of its digits, 8192 as 8,192, and 0.0 as 0."""
    plain = re.fullmatch(r"(\d+)(\.\d*[1-9])?\.?0*", default) if "." in default else re.fullmatch(r"(\d+)()", default)
    return f"{int(plain[1]):,}{plain[2] or ''}" if plain else default


def filled(text: str, evidence: Evidence) -> str:
    """Plain text with its references replaced, for alt texts."""
    return re.sub(REFERENCE, lambda reference: resolve(reference[1], evidence)[0], text)


def _ledger(evidence: Evidence) -> str:
    for use in evidence.uses:
        if use.kind == "ledger":
            return page_url(use.page)
    return ""


class _Reference(InlineProcessor):
    def __init__(self, md: Markdown, context: Context):
        super().__init__(REFERENCE, md)
        self.context = context

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[etree.Element | str, int, int]:
        try:
            if m[1].startswith("mark:"):
                return self.md.htmlStash.store(self._verdict(m[1].removeprefix("mark:"))), m.start(0), m.end(0)
            text, link, title = resolve(m[1], self.context.evidence)
        except SiteError as error:
            raise SiteError(f"{self.context.source}: {error}") from None
        # Kept as finished HTML: MkDocs takes every link in the tree for one to a source file, and these lead to what
        # the build makes.
        href = escaped(to_root(self.context.page) + link)
        link_html = f'<a class="value" href="{href}" title="{escaped(title)}">{escaped(text)}</a>'
        return self.md.htmlStash.store(link_html), m.start(0), m.end(0)

    def _verdict(self, name: str) -> str:
        """A claim's verdict as a sign that leads to its card, its words for who hovers or hears it."""
        claim = self.context.evidence.claim(name.strip())
        says = verdict_words.on_hosts(claim.verdicts)
        href = escaped(to_root(self.context.page) + home(claim.id, self.context.evidence))
        title = escaped(f"{claim.data['title']}: {says}")
        return (
            f'<a class="claim-mark claim-verdict" data-holds="{claim.state}" href="{href}" title="{title}">'
            f'<span class="claim-said">{escaped(says)}</span></a>'
        )


class _Mark(InlineProcessor):
    def __init__(self, md: Markdown, context: Context):
        super().__init__(MARK, md)
        self.context = context

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[etree.Element | str, int, int]:
        if m[1] == "fixed":
            return "", m.start(0), m.end(0)  # the reason stands in the ledger
        source = self.context.evidence.quoted.get(m[2])
        if source is None:
            raise SiteError(
                f"{self.context.source}: {{quoted: {m[2]}}}: no such source; "
                f"add [source.{m[2]}] to snippets/famous.toml"
            )
        element = etree.Element(
            "a", {"class": "quoted", "href": source["url"], "title": f"Theirs, not ours: {described(source)}"}
        )
        element.text = AtomicString("theirs")
        return element, m.start(0), m.end(0)


def register(md: Markdown, context: Context) -> None:
    """Adds the two patterns."""
    # Below backticks (190) and escapes (180), above links (160): code stays code, and a link's text may hold a value.
    md.inlinePatterns.register(_Reference(md, context), "measured-value", 175)
    md.inlinePatterns.register(_Mark(md, context), "number-mark", 174)
