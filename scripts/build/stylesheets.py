"""The site's own style sheets as they are sent: without comments and line breaks, which are for the source."""

import re
from pathlib import Path

FOLDER = "assets/css"
# A string is kept as it is, whatever stands in it.
_PIECE = re.compile(r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?:/\*.*?\*/|\s)+""", re.S)


def light(text: str) -> str:
    """The same rules in fewer bytes."""
    return _PIECE.sub(lambda piece: piece[1] or " ", text).strip()


def lighten(site: Path) -> None:
    """Rewrites every sheet below the built site's folder of them."""
    for file in sorted((site / FOLDER).rglob("*.css")):
        file.write_text(light(file.read_text("utf-8")), "utf-8")
