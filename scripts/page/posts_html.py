"""`/// posts`: the posts in reading order, unwritten ones marked planned."""

from scripts import reading_order
from scripts.page.blocks import PageBlock, register_block
from scripts.page.svg import escaped
from scripts.uses import page_url


class PostsBlock(PageBlock):
    """Takes no argument."""

    NAME = "posts"
    ARGUMENT = False

    def html(self) -> str:
        return posts_html(reading_order.load(self.context.root), self.root)


def posts_html(posts: list, root: str) -> str:
    """`root` is the way from the page to the site's root."""
    items = []
    for post in posts:
        title, extra = escaped(post.title), ""
        if post.page:
            title = f'<a href="{root}{page_url(post.page)}">{title}</a>'
            if post.notebook:
                extra = (
                    f' <a class="posts-notebook" href="{root}{page_url(post.notebook)}" '
                    f'aria-label="Notebook of {escaped(post.title)}">notebook</a>'
                )
        else:
            extra = ' <span class="posts-planned">planned</span>'
        items.append(
            f'<li{"" if post.page else " class=planned"}><span class="posts-title">{title}</span>{extra}'
            f'<span class="posts-about">{escaped(post.about)}</span></li>'
        )
    return f'<ol class="posts">{"".join(items)}</ol>'


def register(md, context) -> None:
    """Adds the block."""
    register_block(md, PostsBlock, context)
