"""A built page's HTML as a tree, parsed once for all the steps that read it and change nothing in it."""

import functools

from selectolax.lexbor import LexborHTMLParser

KEPT = 64  # pages; a tree takes some fifteen times the bytes of its page


@functools.lru_cache(maxsize=KEPT)
def of(page: str) -> LexborHTMLParser:
    """The page's tree, which nobody may change."""
    return LexborHTMLParser(page)


def forget() -> None:
    """Lets go of them all: the steps that follow write the pages anew."""
    of.cache_clear()
