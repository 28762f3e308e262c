"""The theme's files that a site gets, found without its hidden folders.

At each build MkDocs lists all of a theme's files and then leaves the hidden ones out: of Material's, 14,000 icons.
"""

import os

import jinja2


def skip_hidden() -> None:
    """Has MkDocs in this process list what is not hidden."""
    jinja2.FileSystemLoader.list_templates = _shown  # type: ignore[method-assign, assignment]


def _shown(loader: jinja2.FileSystemLoader) -> list[str]:
    found: set[str] = set()
    for place in loader.searchpath:
        for folder, folders, names in os.walk(place, followlinks=loader.followlinks):
            folders[:] = [name for name in folders if not name.startswith(".")]
            below = os.path.relpath(folder, place)
            found.update(os.path.normpath(os.path.join(below, name)).replace(os.sep, "/") for name in names)
    return sorted(found)
