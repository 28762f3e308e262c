"""Links, fragments, permalinks and foreign hosts: each kind of fault is found, by its page and address."""

import pytest

from scripts.build import links
from scripts.common.errors import SiteError

HEAD = "<!doctype html><html lang=en><head><title>x</title></head><body>"


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    (folder / "posts/01").mkdir(parents=True)
    (folder / "index.html").write_text(
        HEAD + '<h1 id="top">x</h1><a href="posts/01/#a">a</a> <a href="https://example.org/gone">b</a>'
    )
    (folder / "posts/01/index.html").write_text(HEAD + '<h1 id="a">x</h1><a href="../../#top">up</a>')
    return folder


def add(site, html: str) -> None:
    page = site / "posts/01/index.html"
    page.write_text(page.read_text() + html)


def test_a_whole_site_is_clean(site, toy):
    assert links.dead_links(site)[1] == []
    assert "2 pages" in links.check(site, toy.root)


@pytest.mark.parametrize(
    ("html", "says"),
    [
        ('<a href="../02/">x</a>', "posts/01/index.html: /posts/02"),
        ('<a href="#nowhere">x</a>', "#nowhere"),
        ('<a href="../../#gone">x</a>', "#gone"),
        ('<img src="../../no.png">', "/no.png"),
    ],
)
def test_a_dead_link_or_fragment(site, toy, html, says):
    add(site, html)
    found = links.dead_links(site)[1]
    assert len(found) == 1 and says in found[0]
    with pytest.raises(SiteError, match="posts/01/index.html"):
        links.check(site, toy.root)


def permalink(toy, rest: str) -> str:
    return f"https://github.com/{toy.pin.repository}/blob/{rest}"


def test_permalinks_that_exist(toy):
    text = f'<a href="{permalink(toy, "v1.0/toy/engine.py#L3-L4")}"> <a href="{permalink(toy, "v1.0/toy/engine.py")}">'
    found = links.permalinks(text, {"toy": toy.pin})
    assert len(found) == 2
    assert links.wrong_permalinks(found, toy.sources) == []


@pytest.mark.parametrize(
    ("rest", "says"),
    [
        ("v1.0/toy/engine.py#L3-L4000", "has"),
        ("v1.0/toy/engine.py#L9-L3", "correct the lines"),
        ("v1.0/toy/engine.py#somewhere", "its fragment names no lines"),
        ("v1.0/toy/none.py#L1", "no such file"),
        ("main/toy/engine.py#L1", "the pin is v1.0"),
    ],
)
def test_permalinks_that_lead_nowhere(toy, site, rest, says):
    address = permalink(toy, rest)
    add(site, f'<a href="{address}">x</a>')
    found = links.permalinks((site / "posts/01/index.html").read_text(), {"toy": toy.pin})
    wrong = links.wrong_permalinks(found, toy.sources)
    assert len(wrong) == 1 and wrong[0].startswith(address) and says in wrong[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("index.html", '<script src="https://cdn.example.org/a.js"></script>'),
        ("index.html", '<link rel="stylesheet" href="//fonts.example.org/css">'),
        ("index.html", '<link rel="preconnect" href="https://fonts.example.org">'),
        ("index.html", '<img alt="" srcset="a.png 1x, https://img.example.org/b.png 2x">'),
        ("index.html", "<style>@import 'https://x.example.org/a.css';</style>"),
        ("index.html", '<p style="background:url(https://x.example.org/a.png)"></p>'),
        ("a.css", "@font-face { src: url('//x.example.org/a.woff2') }"),
        ("a.js", 'import("https://x.example.org/a.js")'),
    ],
)
def test_what_is_loaded_from_another_host(site, name, text):
    file = site / name
    file.write_text((file.read_text() if file.exists() else "") + text)
    found = links.check_loads(site)
    assert len(found) == 1 and found[0].startswith(name) and "example.org" in found[0]


def test_links_and_metadata_load_nothing(site):
    add(
        site,
        '<a href="https://example.org/">x</a><link rel="canonical" href="https://example.org/">'
        '<link rel="alternate" href="https://example.org/feed"><meta property="og:image" content="https://example.org/i.png">',
    )
    assert links.check_loads(site) == []


def test_an_empty_site_is_no_clean_site(tmp_path, toy):
    with pytest.raises(SiteError, match="holds no page"):
        links.check(tmp_path, toy.root)


def test_the_site_s_own_host_is_no_other_one(site):
    """A 404 page is served at any depth, so it has a base."""
    index = site / "index.html"
    index.write_text(
        index.read_text().replace("<title>", '<link rel="canonical" href="https://me.example.org/"><title>')
    )
    (site / "404.html").write_text('<base href="https://me.example.org/"><img src="a.png">')
    assert links.check_loads(site) == []
    (site / "404.html").write_text('<base href="https://other.example.org/"><img src="a.png">')
    assert len(links.check_loads(site)) == 1


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("https://github.com/{}/blob/v1.0/toy/engine.py?plain=1#L9000", "has"),
        ("http://github.com/{}/blob/v1.0/toy/engine.py#L9000", "has"),
        ("https://www.github.com/{}/blob/v1.0/toy/none.py", "no such file"),
        ("https://github.com/{}/blame/v1.0/toy/engine.py#L9000", "has"),
        ("https://github.com/{}/tree/main/toy", "the pin is v1.0"),
        ("https://raw.githubusercontent.com/{}/v1.0/toy/none.py", "no such file"),
        ("https://github.com/{}/blob/v1.0/toy/engine.py#L1C1-L9000C3", "has"),
        ("https://github.com/{}/blob/v1.0/toy/engine.py#l1", "names no lines; write #L2"),
        ("https://github.com/{}/blob/v1.0/toy/engine.py?plain=1#L2", ""),
        ("https://github.com/{}/blob/v1.0/toy/engine.py#L1C1-L2C3", ""),
        ("https://github.com/{}/tree/v1.0/toy", ""),
    ],
)
@pytest.mark.parametrize("capitals", [False, True])
def test_other_spellings_of_a_permalink(toy, address, says, capitals):
    repository = toy.pin.repository.title() if capitals else toy.pin.repository
    found = links.permalinks(f'<a href="{address.format(repository)}">x</a>', {"toy": toy.pin})
    assert len(found) == 1
    wrong = links.wrong_permalinks(found, toy.sources)
    assert (len(wrong) == 1 and says in wrong[0]) if says else wrong == []


def test_a_permalink_s_lines_are_counted_as_they_are_shown(toy):
    toy.release({"a b.py": "x = '''\f\u2028'''\n"})
    address = permalink(toy, "v1.0/toy/a%20b.py#L")
    for line, wrong in ((1, 0), (2, 1)):
        found = links.permalinks(f'<a href="{address}{line}">x</a>', {"toy": toy.pin})
        assert len(links.wrong_permalinks(found, toy.sources)) == wrong
