"""A built page's HTML as a tree, parsed once for all the steps that read it and change nothing in it."""

import functools

from selectolax.lexbor import LexborHTMLParser

# Pages. While one is edited, a server publishes the others as they were: a tenth of that is to parse them. A tree takes
# some fourteen times the bytes of its page, so these take 100 to 150 MB.
KEPT = 48


@functools.lru_cache(maxsize=KEPT)
def of(page: str) -> LexborHTMLParser:
    """The page's tree, which nobody may change."""
    return LexborHTMLParser(page)
