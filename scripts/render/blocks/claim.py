"""`/// claim | id`: a card with the sentence, values and intervals, the verdict, and everything to doubt it with."""

import functools
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from markdown import Markdown
from pymdownx.blocks.block import type_boolean, type_string

from experiments.formats import verdict_words
from scripts.catalog.site_data import Evidence, engine_name
from scripts.common.errors import SiteError
from scripts.measured import figure_files, host_reader, record_reader
from scripts.measured.claim_reader import Claim, load
from scripts.render.blocks.claim_hosts import hosts_of
from scripts.render.blocks.claim_plans import columns
from scripts.render.page import figure_html, templates
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.data_files import address

FORM = "claim.yml"  # of .github/ISSUE_TEMPLATE: a query fills its fields by their ids
PUBLISHED = (f"{record_reader.FOLDER}/", f"{host_reader.FOLDER}/")
TIERS = {"gpu": "GPU", "cpu": "CPU, engine classes driven directly", "cpu-server": "CPU, the engine's own server"}


WHOLE, FOLDED = "whole", "folded"  # how a card stands on its page: by itself, or to be opened in Evidence


class ClaimBlock(PageBlock):
    """The argument is the claim's id; `alt` says what its figure shows, else the sentence does. `folded: true` leaves
    its title, verdict and hosts, and the rest opens."""

    NAME = "claim"
    OPTIONS = {"alt": ("", type_string), "folded": (False, type_boolean)}

    def html(self) -> str:
        claim = self.evidence.claim(self.argument)
        shown = [use for use in self.evidence.uses if use.kind == "claim" and use.id == claim.id]
        if len(shown) > 1:
            pages = " and ".join(f"docs/{use.page}:{use.line}" for use in shown)
            raise SiteError(f"shown on {pages}, but has one address; keep one and refer to #claim-{claim.id}")
        form = FOLDED if self.options["folded"] else WHOLE
        if form == FOLDED:
            self.context.folded_claims.append(claim.id)
        return card(claim, self.evidence, self.root, self.context.repo_url, self.options["alt"], form)


@dataclass(frozen=True)
class Value:
    """A value in words; `ci` and `n` are "" where it has none. `place` says whether it lies in the reference's range,
    "" where there is none or it is the reference's own."""

    name: str
    text: str
    ci: str = ""
    n: str = ""
    place: str = ""


@dataclass(frozen=True)
class Card:
    """A claim as its card words it."""

    title: str
    holds: str
    holds_if: str
    verdict: str
    values: list[Value]
    measured: str
    tier: str
    host: str
    command: str

    @classmethod
    def of(cls, claim: Claim, reference: Claim | None = None) -> "Card":
        data = claim.data
        return cls(
            data["title"],
            claim.state,
            data.get("holds_if", ""),
            claim.verdict,
            [_value(claim, name, reference) for name in data["values"]],
            data["measured"][:10],
            TIERS[data["tier"]],
            claim.where,
            data["command"],
        )


def card(claim: Claim, evidence: Evidence, root: str, repo_url: str, alt: str = "", form: str = WHOLE) -> str:
    """The card's HTML. `root` is the way to the site's root, `repo_url` where a mistake is reported."""
    anchor = f"claim-{claim.id}"
    name = (claim.data.get("figure") or "").removeprefix("figures/")
    alt = alt or evidence.figure_words.get(claim.id) or claim.sentence()
    figure = figure_html.figure(evidence.root, name, alt, root) if name else ""
    local = here(evidence.root, claim)
    labels = evidence.labels.get(claim.id, {})
    releases = (f"{engine_name(name)} {version}" for name, version in claim.data["pin"].items())
    return templates.render(
        "claim.html",
        anchor=anchor,
        form=form,
        claim=Card.of(claim),
        on_hosts=verdict_words.on_hosts(claim.verdicts),
        hosts=hosts_of(claim, evidence.root, labels),
        plans=columns(claim, evidence.plans.get(claim.id, []), labels),
        sentence=_sentence(claim),
        values_of=_values_of(claim),
        figure=figure,
        figure_box=figure_files.SCROLLS,
        where=_where_short(claim),
        local=Card.of(local, claim) if local else None,
        releases=", ".join(releases),
        files=_files(claim),
        report_url=report_url(claim, repo_url) if repo_url else "",
        root=root,
    )


def in_line(claim: Claim) -> str:
    """What stands below a claim's line in a text: its title and sentence, and the way to the card in Evidence."""
    return templates.render(
        "claim_in_line.html",
        anchor=f"claim-{claim.id}",
        title=claim.data["title"],
        holds=claim.state,
        sentence=_sentence(claim),
        values_of=_values_of(claim),
        rest="Figure, hosts" if claim.data.get("figure") else "Hosts",
    )


def _value(claim: Claim, name: str, reference: Claim | None = None) -> Value:
    value = claim.value(name)
    expected = reference.range_of(name) if reference else None
    return Value(
        name,
        claim.text(name),
        claim.text(f"{name}.ci") if value.get("ci") else "",
        f"{value['n']:,}" if value.get("n") else "",
        verdict_words.place(value["value"], *expected) if expected else "",
    )


def _sentence(claim: Claim) -> list[tuple[str, Value | None]]:
    """The sentence as pieces of text, each with the value that follows it: its interval too, unless the sentence gives
    the interval itself."""
    values: list[Value | None] = []

    def cut_out(text: str, reference: str) -> str:
        whole = reference in claim.data["values"] and f"{{{reference}.ci}}" not in claim.data["sentence"]
        values.append(Value(reference, text, _value(claim, reference).ci if whole else ""))
        return "\0"

    return list(zip(claim.sentence(cut_out).split("\0"), [*values, None], strict=True))


def _values_of(claim: Claim) -> str:
    """The host whose values the sentence gives, where several have measured it and it does not say so itself."""
    sentence, first = claim.data["sentence"], claim.hosts[0]
    if len(claim.hosts) == 1 or "{" not in sentence or "first host" in sentence.casefold():
        return ""
    return f"{first.card} {first.name}"


def _where_short(claim: Claim) -> str:
    counts = sorted({value["n"] for host in claim.hosts for value in host.values.values() if value.get("n")})
    n = f"n = {counts[0]:,}" if len(counts) == 1 else f"n = {counts[0]:,} to {counts[-1]:,}" if counts else ""
    alone = "measured on one host" if len(claim.hosts) == 1 else ""
    return ", ".join(part for part in (claim.where, alone, n) if part)


def _files(claim: Claim) -> list[tuple[str, list[tuple[str, str]]]]:
    """(host, [(name, address below the site's root)]) of the records that it rests on, host by host, and of its own
    file, which is no host's; of one host all together."""
    records = [(host.name, _published(host.records)) for host in claim.hosts]
    own = (claim.file.rpartition("/")[2], address(claim.file))
    return [("", [*records[0][1], own])] if len(records) == 1 else [*records, ("", [own])]


def _published(records: list[dict]) -> list[tuple[str, str]]:
    paths = [record["path"] for record in records]
    return [(path.rpartition("/")[2], address(path)) for path in paths if path.startswith(PUBLISHED)]


def here(root: Path, claim: Claim) -> Claim | None:
    """The same claim as evaluated on what was measured in this clone; None where nothing was.

    It lies in a folder that git ignores, so that a published site never has it: only who measured sees it.
    """
    path = root / "experiments/local/claims" / f"{claim.experiment}.json"
    try:
        return _local_claims(path, root, path.stat().st_mtime_ns).get(claim.id)
    except FileNotFoundError:
        return None


@functools.lru_cache(maxsize=8)
def _local_claims(path: Path, root: Path, _mtime: int) -> dict[str, Claim]:
    return {claim.id: claim for claim in load(path, root)}


def report_url(claim: Claim, repository: str) -> str:
    """The address that opens a new issue on a claim. What the card says and rests on, which is most of a link's bytes,
    `docs/assets/js/blocks/claim-report.js` fills in when it is followed."""
    filled = {
        "title": f"Claim {claim.id} is wrong",
        "template": FORM,
        "claim": claim.id,
    }
    query = urllib.parse.urlencode(filled)
    return f"{repository.rstrip('/')}/issues/new?{query}"


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, ClaimBlock, context)
