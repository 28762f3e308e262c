"""Each page says what it may load and run: its own files, and its inline scripts by their hashes."""

import base64
import hashlib

import pytest
from selectolax.lexbor import LexborHTMLParser

from scripts.common.errors import SiteError
from scripts.publish import content_policy, steps

PAGE = "<!doctype html><html><head><meta charset=utf-8><title>x</title>{}</head><body>{}</body></html>"


def sources(page: str) -> dict[str, list[str]]:
    """A page's policy by directive."""
    (meta,) = LexborHTMLParser(page).css('meta[http-equiv="Content-Security-Policy"]')
    parts = (each.split() for each in (meta.attributes["content"] or "").split(";"))
    return {name: rest for name, *rest in parts}


def sha(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_it_stands_before_all_that_it_is_of():
    told = content_policy.told(PAGE.format("<script src=a.js></script>", ""), "index.html")
    assert told.index("charset") < told.index("http-equiv") < told.index("<title>")
    assert told.replace(told[told.index("<meta http") : told.index("<title>")], "") == PAGE.format(
        "<script src=a.js></script>", ""
    )


def test_nothing_is_allowed_but_what_the_site_uses():
    found = sources(content_policy.told(PAGE.format("", ""), "index.html"))
    assert found["default-src"] == found["object-src"] == found["frame-src"] == ["'none'"]
    assert found["base-uri"] == found["form-action"] == ["'none'"]
    assert found["script-src"] == found["style-src"] == found["connect-src"] == found["font-src"] == ["'self'"]
    unsafe = {name for name, values in found.items() if any("unsafe" in value for value in values)}
    assert unsafe == {"style-src-attr"}
    assert {value for values in found.values() for value in values} == {"'none'", "'self'", "data:", "'unsafe-inline'"}


def test_each_inline_script_has_its_hash_once_and_data_has_none():
    scripts = ["let a = '<b>&amp;'\n", "let ü = 1", "let a = '<b>&amp;'\n", ""]
    body = "".join(f"<script>{each}</script>" for each in scripts)
    data = '<script type=application/json>{"a": 1}</script><script type="application/ld+json">{}</script>'
    found = sources(content_policy.told(PAGE.format(data, body + "<script src=a.js></script>"), "x"))
    assert found["script-src"] == ["'self'", *(sha(each) for each in dict.fromkeys(scripts))]
    module = sources(content_policy.told(PAGE.format("<script type=module>let b</script>", ""), "x"))
    assert module["script-src"] == ["'self'", sha("let b")]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("<p onclick=go()>", "<p onclick=...> is a script in an attribute"),
        ("<img src=x ONERROR='go()'>", "<img onerror=...> is a script in an attribute"),
        ("<a href=' JavaScript:go()'>x</a>", "<a href=...> is a script in an attribute"),
        ("<img src=x\tonerror =go()>", "<img onerror=...> is a script in an attribute"),
        ("<svg/onload=go()>", "<svg onload=...> is a script in an attribute"),
        ('<a title="x"onclick=go()>y</a>', "<a onclick=...> is a script in an attribute"),
        ("<a href='&#106;avascript:go()'>x</a>", "<a href=...> is a script in an attribute"),
        ("<a href='&#106avascript:go()'>x</a>", "<a href=...> is a script in an attribute"),
        ("<a href='java&#x53;cript&#x003A;go()'>x</a>", "<a href=...> is a script in an attribute"),
        ("<a href='javascript&colon;go()'>x</a>", "<a href=...> is a script in an attribute"),
        ("<a href='javascrip&#0000116:go()'>x</a>", "<a href=...> is a script in an attribute"),
        ("<style>p { color: red }</style>", "has a <style>, which the content security policy forbids"),
        ("<svg><style>p { color: red }</style></svg>", "has a <style>"),
    ],
)
def test_what_the_policy_would_forbid_without_a_word_is_named(body, what):
    with pytest.raises(SiteError) as error:
        content_policy.told(PAGE.format("", body), "posts/index.html")
    assert str(error.value).startswith(f"posts/index.html: {what}") and "docs/assets/" in str(error.value)


def test_a_page_without_a_head_is_named():
    with pytest.raises(SiteError, match="^x.html: has no <head> for its content security policy"):
        content_policy.told("<p>x", "x.html")


def test_it_is_the_last_that_is_done_to_a_page():
    """What changes a page after it would leave a hash behind."""
    assert steps.SMALLER[-1] is content_policy.publish
    assert content_policy.publish not in steps.STEPS  # the page of `make serve` gets a script from its server


def test_every_page_of_the_site_has_its_policy(built_site):
    pages = sorted(built_site.rglob("*.html"))
    assert len(pages) > 30 and built_site / "404.html" in pages
    for file in pages:
        text = file.read_text("utf-8")
        assert text.index("Content-Security-Policy") < text.index("<script"), file
        found = sources(text)
        if "manifest" in text:  # no browser says of its own accord that it may not have it
            assert found["manifest-src"] == ["'self'"]
        inline = LexborHTMLParser(text).css("script:not([src])")
        runs = [node.text() for node in inline if node.attributes.get("type") not in content_policy.DATA]
        assert len(runs) >= 3, f"{file}: too few to be believed"
        assert set(found["script-src"]) == {"'self'", *map(sha, runs)}, file
        assert len(set(runs)) <= 6, f"{file}: an inline script more is a hash more on every visit; make it a file"
