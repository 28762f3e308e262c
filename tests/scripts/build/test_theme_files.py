"""The theme's files are those that MkDocs would find, in its order, but for hidden folders."""

import re
from pathlib import Path

import jinja2
import material

from scripts.build import theme_files


def test_what_is_listed_is_what_is_not_hidden(tmp_path, monkeypatch):
    for name in ("b.html", "a/c.css", "a/.x/d.svg", ".icons/e.svg", ".f"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    folders = [str(tmp_path), str(Path(material.__file__).parent / "templates")]
    every = jinja2.FileSystemLoader(folders).list_templates()
    monkeypatch.setattr(jinja2.FileSystemLoader, "list_templates", jinja2.FileSystemLoader.list_templates)
    theme_files.skip_hidden()
    shown = jinja2.Environment(loader=jinja2.FileSystemLoader(folders)).list_templates()
    assert shown == [name for name in every if not re.search(r"(?:^|/)\.[^/]*/", name)]
    assert "a/c.css" in shown and ".f" in shown and len(shown) < len(every) / 10
