"""`/// plans`: what was measured with plans for smaller cards, beside the reference; nothing where none was.

A section a plan: its hosts, how many verdicts agree, and a table of all claims that can be compared.
"""

from dataclasses import dataclass

from markdown import Markdown

from scripts.catalog.site_data import Evidence
from scripts.measured.claim_reader import Claim
from scripts.render.blocks.claim_plans import Column, columns
from scripts.render.page import templates
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context


class PlansBlock(PageBlock):
    """Takes no argument."""

    NAME = "plans"
    ARGUMENT = False

    def html(self) -> str:
        return page_html(self.evidence, self.root)


@dataclass(frozen=True)
class Row:
    """A claim of the reference, and what the plan says of it. `url` is below the site's root, "" for a claim that is
    shown nowhere."""

    claim: Claim
    url: str
    plan: Column


@dataclass(frozen=True)
class Section:
    """A plan: its name, the other models, its hosts in words; how many of its verdicts are the reference's and how many
    open, and the titles of those that differ."""

    name: str
    anchor: str
    models: str
    hosts: list[str]
    judged: int
    agree: int
    open: int
    differ: list[str]
    rows: list[Row]


def page_html(evidence: Evidence, root: str) -> str:
    """`root` is the way from the page to the site's root."""
    names = sorted({one.plan for plans in evidence.plans.values() for one in plans}, reverse=True)
    sections = [_section(evidence, name) for name in names]
    return templates.render("plans.html", sections=sections, root=root) if sections else ""


def _section(evidence: Evidence, plan: str) -> Section:
    told = [(evidence.claims[name], one) for name, plans in evidence.plans.items() for one in plans if one.plan == plan]
    rows = []
    for claim, one in told:
        (column,) = columns(claim, [one], evidence.labels.get(claim.id, {}))
        rows.append(Row(claim, evidence.home_of("claim", claim.id) or "", column))
    judged = [(claim, one) for claim, one in told if one.orders]
    return Section(
        told[0][1].name,
        f"plan-{plan}",
        " and ".join(sorted({one.shape for _, one in told if one.shape})) or "the same models",
        list(dict.fromkeys(f"{host.name}, {host.label}" for _, one in told for host in one.claim.hosts)),
        len(judged),
        sum(not one.open and claim.holds == one.claim.holds for claim, one in judged),
        sum(one.open for _, one in judged),
        [claim.data["title"] for claim, one in judged if not one.open and claim.holds != one.claim.holds],
        rows,
    )


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, PlansBlock, context)
