"""Who wrote a page: as its front matter says, else those that CITATION.cff names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from scripts.common.errors import SiteError

FILE = "CITATION.cff"


def of(meta: Mapping[str, Any], root: Path) -> str:
    """The authors' names. Raises SiteError where neither file names one."""
    if isinstance(meta.get("author"), str) and meta["author"].strip():
        return meta["author"].strip()
    try:
        cited = yaml.safe_load((root / FILE).read_text("utf-8"))["authors"]
        names = [author.get("name") or f"{author['given-names']} {author['family-names']}" for author in cited]
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        names = []
    if not names:
        raise SiteError(f"{FILE}: names no author; write 'authors:' with a name each, as the citation format has it")
    return ", ".join(names)
