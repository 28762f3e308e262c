"""JSON-LD on each page: types and properties that schema.org has, and nothing in it that ends the element."""

import json
import re

import msgspec_schemaorg.models as schema
import pytest
from selectolax.lexbor import LexborHTMLParser

from scripts.publish import citation, structured_data


def check(node: dict) -> None:
    """A node has a type of schema.org and properties of that type, and what these hold is of a type that they take."""
    kind = getattr(schema, node["@type"])
    assert node.keys() - {*kind.__struct_encode_fields__, "@type", "@id", "@context"} == set(), node["@type"]
    for name, value in node.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                bases = {base.__name__ for base in getattr(schema, each["@type"]).__mro__}
                assert bases & set(re.findall(r"\w+", str(takes(kind, name)))), (node["@type"], name, each["@type"])
                check(each)


def takes(kind: type, name: str) -> object:
    """The annotation of a property, of the type or of one above it."""
    return next(
        base.__dict__["__annotations__"][name] for base in kind.__mro__ if name in base.__dict__["__annotations__"]
    )


def test_a_post_is_an_article_of_a_series(post, project):
    data = structured_data.of(post, citation.load(project), "https://example.org/card.png")
    article, crumbs = data["@graph"]
    check(article)
    check(crumbs)
    assert article["@type"] == "TechArticle" and article["headline"] == "Loops & {more}"
    assert (article["datePublished"], article["dateModified"]) == ("2026-11-20", "2026-11-28")
    assert article["author"] == [
        {"@type": "Organization", "name": "The contributors"},
        {"@type": "Person", "name": "Ada Byron"},
    ]
    assert [each["text"] for each in article["correction"]] == ["It was a </script> and is b.", "Another."]
    assert article["isPartOf"][0]["@type"] == "CreativeWorkSeries" and article["position"] == 2
    assert [step["item"] for step in crumbs["itemListElement"]] == [
        "https://example.org/site/", "https://example.org/site/posts/", post.address,
    ]  # fmt: skip
    assert structured_data.tag(data).count("</script>") == 1


@pytest.mark.parametrize(
    ("place", "kind", "crumbs"),
    [
        ("", "WebSite", 1),
        ("posts/", "WebPage", 2),
        ("posts/05-prefix-cache-hit/", "TechArticle", 3),
        ("reference/knobs/", "WebPage", 3),
    ],
)
def test_a_built_page_says_what_it_is(built_site, place, kind, crumbs):
    page = LexborHTMLParser((built_site / place / "index.html").read_text())
    (element,) = page.css('script[type="application/ld+json"]')
    first, path = json.loads(element.text())["@graph"]
    check(first)
    check(path)
    assert first["@type"] == kind and len(path["itemListElement"]) == crumbs
    assert first["image"].endswith(".png") and first["inLanguage"] == "en"
