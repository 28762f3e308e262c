"""The steps after a build, in their order, and the one call that takes them all."""

from collections.abc import Callable
from pathlib import Path

Step = Callable[[Path, Path], None]

# Each takes the folder of the built site and the project's root. A later step sees what an earlier one wrote.
STEPS: tuple[Step, ...] = ()


def publish(site: Path, root: Path) -> None:
    """Takes every step on the built site in the folder `site`, of the project at `root`. Raises SiteError."""
    for step in STEPS:
        step(site, root)
