"""`/// posts`: the posts in reading order, unwritten ones marked planned; `/// posts | notebooks`: their notebooks."""

from markdown import Markdown

from scripts.common.errors import SiteError
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
        return posts_html(reading_order.load(self.context.root), self.root, bool(self.argument))


def posts_html(posts: list[reading_order.Post], root: str, notebooks: bool = False) -> str:
    """`root` is the way from the page to the site's root; `notebooks` links those first."""
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
            f'<span class="posts-about">{escaped(post.about)}</span></li>'
        )
    return f'<ol class="posts">{"".join(items)}</ol>'


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, PostsBlock, context)
