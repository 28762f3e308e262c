"""What every piece of HTML here is made with: the one escaper, and the type of what makes HTML of inline Markdown."""

import functools
import html
from collections.abc import Callable

# Makes HTML of one paragraph's inline Markdown; what it gives is escaped already.
Inline = Callable[[str], str]

# For code, which stands between tags and never in an attribute: its quotes stay, and a page of it is smaller by them.
escaped_code = functools.partial(html.escape, quote=False)


class Html(str):
    """Text that is HTML already: a template puts it on the page as it is."""

    def __html__(self) -> str:
        return str(self)


def escaped(text: str) -> str:
    """`text` as it may stand between tags or in a quoted attribute."""
    return html.escape(text, quote=True)
