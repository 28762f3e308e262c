import re

from scripts.measured import inline_figures

SIDES = {"x": "1.23", "y": "2", "width": "3", "height": "4", "x1": "5", "y1": "6", "x2": "7", "y2": "8", "cx": "9"}


def test_lengths_lose_a_decimal_and_keep_their_order():
    """They came in a set's order, which differs from one build to the next, and so did every page with a figure."""
    drawn = " ".join(f'{key}="{value}"' for key, value in SIDES.items())
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect {drawn}/></svg>'
    shown = inline_figures.from_bytes(svg.encode(), "a.svg", "alt", "a")
    rect = re.search(r"<rect ([^>]*?) ?/>", shown)
    assert rect and dict(re.findall(r'(\w+)="([^"]*)"', rect[1])) == SIDES | {"x": "1.2"}
    assert re.findall(r"(\w+)=", rect[1]) == list(SIDES)
