"""`/// post-head`, below a post's title: its answer, its place in the series, its releases and its card."""

import datetime
import math
from dataclasses import dataclass

from markdown import Markdown

from experiments.formats import verdict_words
from scripts.catalog.site_data import Evidence
from scripts.common.errors import SiteError
from scripts.pages import authors, corrections, reading_order
from scripts.pages.references import page_url
from scripts.prose import post_text
from scripts.render.page import templates
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.html import Html

WORDS_A_MINUTE = 200  # of a text that is read to be understood; code is looked at besides
LONGEST = 30  # words of an answer


@dataclass(frozen=True)
class Head:
    """What the block shows. `dates` are as read; `corrected` counts corrections; a neighbour is None at an end."""

    answer: Html
    number: int
    total: int
    releases: list[str]
    measured: str
    author: str
    published: datetime.date
    changed: datetime.date
    corrected: int
    minutes: int
    before: reading_order.Post | None
    after: reading_order.Post | None


class PostHeadBlock(PageBlock):
    """Takes no argument: all of it is in the front matter, the pins, the records and the text."""

    NAME = "post-head"
    ARGUMENT = False

    def html(self) -> str:
        return templates.render("post_head.html", head=head(self.context), root=self.root, url=page_url, day=day)


def head(context: Context) -> Head:
    """What stands at the head of the context's post. Raises SiteError on another page, and for one without answer."""
    posts = [post for post in reading_order.load(context.root) if post.page]
    at = next((index for index, post in enumerate(posts) if post.page == context.page), None)
    if at is None:
        raise SiteError("stands below the title of a post alone; remove it here")
    text = (context.root / "docs" / context.page).read_text("utf-8")
    meta, manifest = context.meta, context.manifest
    created, updated = meta["date"]["created"], meta["date"]["updated"]
    corrected = corrections.read(text, context.source)
    told = post_text.read(text, manifest.excerpts if manifest else None)
    return Head(
        answer=_answer(context),
        number=at + 1,
        total=len(posts),
        releases=releases(context.evidence, f"snippets/{context.post}.toml"),
        measured=measured_on(context.evidence, context.post[:2]),
        author=authors.of(meta, context.root),
        published=created,
        changed=max([created, updated, *corrected]),
        corrected=len(corrected),
        minutes=max(1, math.ceil(told.main_words / WORDS_A_MINUTE)),
        before=posts[at - 1] if at else None,
        after=posts[at + 1] if at + 1 < len(posts) else None,
    )


def _answer(context: Context) -> Html:
    answer = context.meta.get("answer")
    if not isinstance(answer, str) or not answer.strip():
        raise SiteError("the front matter has no answer; write 'answer: ...' there, the title's answer in a sentence")
    if (count := len(answer.split())) > LONGEST:
        raise SiteError(f"the answer in the front matter has {count} words; say it in {LONGEST}")
    return Html(context.inline(answer.strip()))


def releases(evidence: Evidence, manifest: str) -> list[str]:
    """The pinned releases that a manifest quotes, by name and version."""
    return [
        f"{pin.name} {pin.version}" for pin in evidence.pins.values() if evidence.asked.get((pin.engine, manifest), 0)
    ]


def measured_on(evidence: Evidence, experiment: str) -> str:
    """The cards that an experiment's claims rest on, and how many hosts; its processor where there is no card."""
    claims = [claim for claim in evidence.claims.values() if claim.experiment == experiment]
    hosts = [record.data["host"] for record in evidence.records if record.data["experiment"] == experiment]
    cards = sorted({host["gpu"]["name"] for host in hosts if host.get("gpu")})
    most = max((len(claim.hosts) for claim in claims), default=0)
    count = f" ({verdict_words.count(most)})" if most > 1 else ""
    return ", ".join(cards or sorted({host["cpu"] for host in hosts if host.get("cpu")})) + count


def day(date: datetime.date) -> str:
    """30 November 2026."""
    return f"{date.day} {date:%B %Y}"


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, PostHeadBlock, context)
