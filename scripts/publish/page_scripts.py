"""The site's own scripts as they are sent: without comments, under names that change with what they hold."""

import re
from pathlib import Path

import rjsmin

from scripts.common.errors import SiteError
from scripts.publish import site_files

SOURCE = re.compile(r'(<script[^>]*?\ssrc="?[^">\s]*?)(assets/js/[^">\s]+\.js)')


def publish(site: Path, root: Path) -> None:
    """Renames the scripts that pages load; `root` is not read."""
    pages = site_files.pages(site)
    names = {match[2]: "" for text in pages.values() for match in SOURCE.finditer(text)}
    for path in names:
        file = site / path
        if not file.is_file():
            raise SiteError(f"{path}: a page loads this script, and the site has none; see theme/main.html")
        text = str(rjsmin.jsmin(file.read_text("utf-8")))
        names[path] = site_files.hashed(path, text)
        (site / names[path]).write_text(text, "utf-8")
        file.unlink()
    after = {file: SOURCE.sub(lambda match: match[1] + names[match[2]], text) for file, text in pages.items()}
    site_files.write_changed(pages, after)
