"""The YAML between two lines of --- that begins a page."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from scripts.common.errors import SiteError

# The same rules and errors, several times as fast where PyYAML was built with its C library.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FRONT = re.compile(r"---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*\n\n*", re.S)


def split(text: str, where: str) -> tuple[dict[str, Any], str]:
    """(what the front matter says, the Markdown below it). Raises SiteError for one that is no YAML."""
    front = _FRONT.match(text)
    if not front:
        return {}, text
    try:
        meta = yaml.load(front[1] or "", LOADER) or {}
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 2
        raise SiteError(f"{where}:{line}: the front matter is no YAML; put what holds a colon into quotes") from None
    if not isinstance(meta, dict):
        raise SiteError(f"{where}: the front matter is no list of 'key: value'; correct it")
    return meta, text[front.end() :]


class _Plain(yaml.SafeDumper):
    """YAML that says a value again where it stands again."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def whole(meta: Mapping[str, Any], markdown: str) -> str:
    """A page's text of both."""
    front = yaml.dump(dict(meta), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=10_000) if meta else ""
    return f"---\n{front}---\n\n{markdown}" if front else markdown
