"""Who wrote a page: as its front matter says, else those that CITATION.cff names."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts.common.errors import SiteError

FILE = "CITATION.cff"


@dataclass(frozen=True)
class Author:
    """A person, or a body such as all contributors."""

    name: str
    is_person: bool


def cited(data: Mapping[str, Any]) -> tuple[Author, ...]:
    """Those that CITATION.cff names. KeyError, TypeError or AttributeError where it has no list of them."""
    return tuple(
        Author(one.get("name") or f"{one['given-names']} {one['family-names']}", "name" not in one)
        for one in data["authors"]
    )


def own(meta: Mapping[str, Any]) -> tuple[Author, ...]:
    """The one that a page's front matter names, if it does."""
    name = meta.get("author")
    return (Author(name.strip(), True),) if isinstance(name, str) and name.strip() else ()


def of(meta: Mapping[str, Any], root: Path) -> str:
    """The authors' names. Raises SiteError where neither file names one."""
    found = own(meta)
    try:
        found = found or cited(yaml.safe_load((root / FILE).read_text("utf-8")))
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        found = ()
    if not found:
        raise SiteError(f"{FILE}: names no author; write 'authors:' with a name each, as the citation format has it")
    return ", ".join(author.name for author in found)
