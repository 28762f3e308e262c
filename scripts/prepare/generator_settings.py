"""The settings of the site generator for a prepared folder: mkdocs.yml, with what only the project knows filled in."""

import os
from pathlib import Path
from typing import Any

import yaml

from scripts.common.errors import SiteError
from scripts.pages import reading_order

FILE = "mkdocs.yml"
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the quick one, where libyaml is there


class _Loader(yaml.SafeLoader):
    """YAML with `!ENV [NAME, default]`, as MkDocs has it."""


def _of_environment(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    words = loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else [loader.construct_object(node)]
    names, default = (words[:-1], words[-1]) if len(words) > 1 else (words, None)
    return next((os.environ[name] for name in names if name in os.environ), default)


_Loader.add_constructor("!ENV", _of_environment)


def read(root: Path) -> dict[str, Any]:
    """What mkdocs.yml says. Raises SiteError for one that cannot be read."""
    try:
        settings = yaml.load((root / FILE).read_text("utf-8"), _Loader)
    except OSError as error:
        raise SiteError(f"{FILE}: cannot be read ({error}); restore it") from None
    except yaml.YAMLError as error:
        raise SiteError(f"{FILE}: is no YAML ({' '.join(str(error).split())[:160]}); correct it") from None
    if not isinstance(settings, dict):
        raise SiteError(f"{FILE}: holds no settings; restore it")
    return settings


def of_folder(settings: dict[str, Any], root: Path) -> dict[str, Any]:
    """The same for a folder elsewhere that holds the pages in docs/: posts and notebooks stand in the navigation."""
    theme = settings.get("theme")
    if isinstance(theme, dict) and "custom_dir" in theme:
        theme = theme | {"custom_dir": str(root / theme["custom_dir"])}
    made = settings | {"docs_dir": "docs"} | ({"theme": theme} if theme else {})
    if "nav" in settings:
        made["nav"] = [_with_pages(entry, root) for entry in settings["nav"]]
    return made


def text(settings: dict[str, Any]) -> str:
    """The settings as a file."""
    return yaml.dump(settings, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)


def _with_pages(entry: Any, root: Path) -> Any:
    if isinstance(entry, dict) and "Posts" in entry:
        return {"Posts": entry["Posts"] + [{post.title: post.page} for post in reading_order.load(root) if post.page]}
    if isinstance(entry, dict) and "Experiments" in entry:
        pages = [name.removesuffix(".ipynb") + ".md" for name in reading_order.notebooks(root)]
        return {"Experiments": entry["Experiments"] + pages}
    return entry
