"""The steps after a build, in their order, and the calls that take them all."""

from collections.abc import Callable
from pathlib import Path

from scripts.publish import (
    at_home,
    content_policy,
    flags,
    light_markup,
    menu_names,
    page_scripts,
    search_index,
    stylesheets,
    terms,
)

Step = Callable[[Path, Path], None]

# Each takes the folder of the built site and the project's root. A later step sees what an earlier one wrote.
STEPS: tuple[Step, ...] = (menu_names.publish, terms.publish, flags.publish, search_index.publish, at_home.step)
# The last, of a site that visitors load: the same pages in fewer bytes, and what they may load. A site that is being
# written does without: its server puts a script of its own into each page, to have it loaded again.
SMALLER: tuple[Step, ...] = (
    stylesheets.publish,
    page_scripts.publish,
    search_index.rename,
    light_markup.publish,
    content_policy.publish,
)


def publish(site: Path, root: Path) -> None:
    """Takes every step on the built site in the folder `site`, of the project at `root`. Raises SiteError."""
    for step in STEPS:
        step(site, root)


def lighten(site: Path, root: Path) -> None:
    """Makes the published site smaller and gives its pages their policy. Raises SiteError."""
    for step in SMALLER:
        step(site, root)
