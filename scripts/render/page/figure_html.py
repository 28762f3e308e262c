"""A drawn figure on a page: one image, which the browser asks for when a reader comes near, of the form that fits."""

from pathlib import Path

from scripts.measured import figure_files
from scripts.render.page.html import escaped

PHONES = "(max-width: 44.9375em)"  # the theme's; claim.css says so too


def figure(root: Path, name: str, alt: str, to_root: str) -> str:
    """The `<picture>` of `experiments/figures/<name>` for a page from which `to_root` leads to the site's root.

    alt: what a reader who does not see it is told. Raises SiteError for a figure that is missing, is no SVG, or loads
    or runs anything.
    """
    wide, phone = figure_files.forms(root, name)
    return (
        f'<picture><source media="{PHONES}" srcset="{to_root}{phone.address}" width="{phone.width}" '
        f'height="{phone.height}"><img class="figure-img" loading="lazy" src="{to_root}{wide.address}" '
        f'width="{wide.width}" height="{wide.height}" alt="{escaped(alt)}"></picture>'
    )
