"""A page's title as a search engine shows it: templates of more than one generator can cut no text."""

LONGEST = 70  # characters that a result shows


def of(title: str, site: str) -> str:
    """With the site's name where both fit; else alone, and if need be without what stands behind its last commas."""
    if not title or title == site:
        return site
    both = f"{title} - {site}"
    if len(both) <= LONGEST:
        return both
    kept = title
    while len(kept) > LONGEST and "," in kept:
        kept = kept.rpartition(",")[0]
    return kept if len(kept) <= LONGEST else title
