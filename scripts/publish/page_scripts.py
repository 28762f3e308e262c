"""The site's own scripts as they are sent: without comments, under names that change with what they hold.

Those that a page defers, which run one after the other once it is read, are sent as one file.
"""

import re
from pathlib import Path

import rjsmin

from scripts.common.errors import SiteError
from scripts.publish import site_files

FOLDER = "assets/js"
DEFERRED = re.compile(r'<script defer src="?(?P<root>[^">\s]*?)(?P<path>assets/js/[^">\s]+\.js)"?></script>\s*')
SOURCE = re.compile(r'(<script[^>]*?\ssrc="?[^">\s]*?)(assets/js/[^">\s]+\.js)')


def publish(site: Path, root: Path) -> None:
    """Joins, lightens and renames the scripts that pages load; `root` is not read."""
    pages = site_files.pages(site)
    paths = {match[2] for text in pages.values() for match in SOURCE.finditer(text)}
    light = {path: _light(site, path) for path in sorted(paths)}
    joined = {file: _joined(site, text, light) for file, text in pages.items()}
    names = {path: _write(site, path, text) for path, text in light.items()}
    after = {
        file: SOURCE.sub(lambda match: match[1] + names.get(match[2], match[2]), text) for file, text in joined.items()
    }
    for path in light:
        (site / path).unlink()
        if not any(names[path] in text for text in after.values()):
            (site / names[path]).unlink()
    site_files.write_changed(pages, after)


def _light(site: Path, path: str) -> str:
    if not (site / path).is_file():
        raise SiteError(f"{path}: a page loads this script, and the site has none; see theme/main.html")
    return str(rjsmin.jsmin((site / path).read_text("utf-8")))


def _joined(site: Path, page: str, light: dict[str, str]) -> str:
    """The page with one script where the first of its deferred ones was."""
    several = list(DEFERRED.finditer(page))
    if not several:
        return page
    path = _write(site, f"{FOLDER}/page.js", ";".join(light[match["path"]] for match in several))
    script = f'<script defer src="{several[0]["root"]}{path}"></script>'
    at = several[0].start()
    return page[:at] + script + DEFERRED.sub("", page[at:])


def _write(site: Path, path: str, text: str) -> str:
    name = site_files.hashed(path, text)
    (site / name).write_text(text, "utf-8")
    return name
