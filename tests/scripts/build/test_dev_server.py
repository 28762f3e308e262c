"""The development server: its address, its 404 page, a line for a build that failed, and none of MkDocs' log."""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import jinja2
import pytest

from scripts.build import dev_server
from scripts.build.serve import free_port
from scripts.common.errors import SiteError
from tests.scripts.fixtures.prepared import SETTINGS, add_pages
from tests.scripts.fixtures.small_site import Site

URL = "http://127.0.0.1:8000/"


@pytest.fixture
def root(tmp_path):
    """A small project, published at a sub-path."""
    site = add_pages(Site(tmp_path / "project"))
    site.write("mkdocs.yml", SETTINGS.replace('https://example.org/"]', 'https://example.org/small/"]'))
    site.write("docs/index.md", "# Here\n")
    return site.root


@pytest.fixture(autouse=True)
def log_as_it_was(monkeypatch):
    log = dev_server.logging.getLogger("mkdocs")
    for name in ("handlers", "propagate", "level"):
        monkeypatch.setattr(log, name, getattr(log, name))


def test_a_build_takes_the_steps_after_it_for_the_address_it_is_served_at(root, tmp_path, monkeypatch):
    monkeypatch.setattr(dev_server, "publish", lambda site, root: (site / "published").touch())
    assert dev_server.Builder(root, tmp_path / "site", URL).build() > 0
    assert (tmp_path / "site/published").exists()
    assert f'href="{URL}"' in (tmp_path / "site/index.html").read_text()


def test_a_failed_build_says_in_a_line_what_is_wrong_each_time_anew(root, tmp_path, capfd):
    builder = dev_server.Builder(root, tmp_path / "site", URL)
    (root / "docs/index.md").write_text("[gone](missing.md)")
    with pytest.raises(SiteError, match=r"not built: [^\n]*missing\.md[^\n]*$"):
        builder.build()
    (root / "docs/index.md").write_text("[gone](another.md)")
    with pytest.raises(dev_server.Abort, match=r"^the site was not built: [^\n]*another\.md[^\n]*$"):
        builder.again()
    (root / "docs/index.md").write_text("# Here again")
    builder.again()
    out, err = capfd.readouterr()
    assert err == "" and out.startswith("built again in ") and out.count("\n") == 1


def test_the_theme_s_templates_are_compiled_once_and_an_edited_one_again(root, tmp_path, monkeypatch):
    compiled = []
    real = jinja2.Environment.compile
    monkeypatch.setattr(
        jinja2.Environment,
        "compile",
        lambda self, source, name=None, *more: compiled.append(name) or real(self, source, name, *more),
    )
    builder = dev_server.Builder(root, tmp_path / "site", URL)
    builder.build()
    compiled.clear()
    builder.build()
    assert compiled == []
    (root / "theme/main.html").write_text('{% extends "base.html" %}{% block site_name %}{% endblock %}\n')
    builder.build()
    assert compiled == ["main.html"]


def test_what_other_pages_say_of_an_edit_follows_when_nobody_edits(root, tmp_path, monkeypatch):
    monkeypatch.setattr(dev_server, "IDLE_S", 0.1)
    builder = dev_server.Builder(root, tmp_path / "site", URL)
    builder.build()
    before = builder.behind.stat().st_mtime_ns
    (root / "docs/index.md").write_text("# Here\n\nIt reads 7 tokens{fixed: an example}.\n")
    builder.again()
    assert "7 tokens" in (tmp_path / "site/index.html").read_text()
    ledger = tmp_path / "site/reference/ledger/index.html"
    assert "an example" not in ledger.read_text()
    assert until(lambda: builder.behind.stat().st_mtime_ns > before)
    builder.again()
    assert "an example" in ledger.read_text()
    builder.stop()


def test_it_serves_at_the_root_says_where_and_lives_through_a_failed_build(root, capfd, monkeypatch):
    servers = []

    class Seen(dev_server._Server):
        def __init__(self, **given):
            super().__init__(**given)
            servers.append(self)

    monkeypatch.setattr(dev_server, "_Server", Seen)
    port = free_port(None)
    thread = threading.Thread(target=dev_server.serve, args=(root, "127.0.0.1", port))
    thread.start()
    url = f"http://127.0.0.1:{port}/"
    try:
        assert until(lambda: servers and shows(url, "Here"))
        assert capfd.readouterr() == (f"{url}\n", "")
        (root / "docs/index.md").write_text("[gone](missing.md)")
        assert until(lambda: "missing.md" in capfd.readouterr().err)
        (root / "docs/index.md").write_text("# Mended")
        assert until(lambda: shows(url, "Mended"))
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(url + "nothing/here/")
        assert missing.value.code == 404 and b"/assets/" in missing.value.read()
    finally:
        servers[0].shutdown()
        thread.join(20)
    assert not thread.is_alive()


def shows(url: str, text: str) -> bool:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return text in answer.read().decode()


def until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return True
        except OSError:
            pass
        time.sleep(0.1)
    return False


def test_what_is_published_as_it_is_is_put_there_once_and_again_when_it_changes(root, tmp_path):
    (root / "docs/assets/a.css").write_text("a {}")
    builder = dev_server.Builder(root, tmp_path / "site", URL)
    builder.build()
    put, mark = builder.site / "assets/a.css", builder.site / "assets/mark.svg"
    (builder.site / "stale.html").write_text("of a page that is gone")
    before = mark.stat().st_ino, mark.stat().st_ctime_ns
    (root / "docs/assets/a.css").write_text("a { color: red }")
    builder.build()
    assert put.read_text() == "a { color: red }" and not (builder.site / "stale.html").exists()
    assert (mark.stat().st_ino, mark.stat().st_ctime_ns) == before
    (root / "docs/assets/a.css").unlink()
    builder.build()
    assert not put.exists() and mark.exists()
