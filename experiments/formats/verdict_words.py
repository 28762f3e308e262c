"""How a verdict is worded, on a claim's card and in the terminal alike."""


def verdict(holds: bool) -> str:
    """The two words a claim can come to."""
    return "holds" if holds else "does not hold"
