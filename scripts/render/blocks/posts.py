"""`/// posts`: the posts in reading order, unwritten ones marked planned; `/// posts | notebooks`: their notebooks,
each with what its claims came to."""

import collections
from collections.abc import Iterable

from markdown import Markdown

from experiments.formats import verdict_words
from scripts.common.errors import SiteError
from scripts.measured.claim_reader import Claim
from scripts.pages import reading_order
from scripts.pages.references import page_url
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.html import escaped


class PostsBlock(PageBlock):
    """The argument may be `notebooks`, which makes the notebooks what the list leads to."""

    NAME = "posts"
    ARGUMENT = None

    def html(self) -> str:
        if self.argument not in (None, "", "notebooks"):
            raise SiteError("the list has no such form; write '/// posts' or '/// posts | notebooks'")
        claims = self.evidence.claims.values() if self.argument else ()
        return posts_html(reading_order.load(self.context.root), self.root, bool(self.argument), claims)


def posts_html(
    posts: list[reading_order.Post], root: str, notebooks: bool = False, claims: Iterable[Claim] = ()
) -> str:
    """`root` is the way from the page to the site's root; `notebooks` links those first. The verdicts of `claims` are
    counted below the post whose experiment they are of."""
    of_each = collections.defaultdict(list)
    for claim in claims:
        of_each[claim.experiment].append(claim)
    items = []
    for post in posts:
        title, other, name = escaped(post.title), post.notebook, "notebook"
        target = post.page
        if notebooks:
            target, other, name = other, target, "post"
        extra = ' <span class="posts-planned">planned</span>'
        if target:
            title = f'<a href="{root}{page_url(target)}">{title}</a>'
            extra = ""
            if other:
                label = f"{name.capitalize()}: {escaped(post.title)}"
                extra = f' <a class="posts-notebook" href="{root}{page_url(other)}" aria-label="{label}">{name}</a>'
        items.append(
            f'<li{"" if target else " class=planned"}><span class="posts-title">{title}</span>{extra}'
            f'<span class="posts-about">{escaped(post.about)}</span>{_verdicts(of_each[post.number])}</li>'
        )
    return f'<ol class="posts">{"".join(items)}</ol>'


def _verdicts(claims: list[Claim]) -> str:
    """How many claims came to each verdict, in the words of their cards: first what holds, last what does not."""
    if not claims:
        return ""
    order = ("true", "some", "false")
    counts = collections.Counter((order.index(claim.state), claim.verdict) for claim in claims)
    said = ", ".join(
        f'<span class="claim-verdict" data-holds="{order[at]}">{verdict}</span>: {count}'
        for (at, verdict), count in sorted(counts.items())
    )
    most = verdict_words.count(max(len(claim.hosts) for claim in claims))
    several = "s" if len(claims) > 1 else ""
    return f'<span class="posts-about posts-verdicts">{len(claims)} claim{several} on up to {most}. {said}</span>'


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, PostsBlock, context)
