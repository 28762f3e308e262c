"""The page of knobs: a row a knob, both engines beside each other, each fact with its link."""

import json

import pytest

from scripts.common.errors import SiteError
from scripts.render.page.build_context import Context
from tests.scripts.catalog.test_knobs import COUNTERPART, SECOND, SLUG, setting, site
from tests.scripts.fixtures.small_site import ARTIFACT, CORE, FRONT, KNOBS, SOURCES, base_record, sha
from tests.scripts.render.test_measured_blocks import render as rendered

__all__ = ["site"]  # the fixture


def render(site, text="/// knobs\n///\n"):
    return rendered(site, text, page="reference/knobs.md")


def facts(cell) -> list:
    return [(each.dt.text, each.dd.text) for each in cell.select("dl > div")]


@pytest.fixture
def paired(site):
    site.write(SECOND, COUNTERPART)
    site.write("docs/posts/02-second.md", "# Second\n\n/// settings\n///\n")
    site.write("snippets/knobs.toml", KNOBS.replace('"01/pick"', '"01/pick"\nother = "02/select"'))
    return site


def test_a_row_says_all_there_is_to_a_knob(paired):
    soup = render(paired)
    (section,) = soup.select(".knobs > section")
    assert soup.select_one(".knobs-groups a")["href"] == f"#{section.h2['id']}" == "#knobs-loop"
    assert [th.text for th in section.select("thead th")] == [
        "knob",
        "vLLM v0.32.0",
        "Other v2.0",
        "what it trades",
        "shown by",
    ]
    (row,) = section.select("tbody tr")
    assert row["id"] == "knob-pick" and row.select_one("th[scope=row]").text == "What is picked"
    first, second, trades, shown = row.select("td")
    assert first.select_one(".knob-flag").text == "--pick" and second.select_one(".knob-flag").text == "--select"
    assert facts(first) == [
        ("default", "1"),
        ("decided in", "core.py:11"),
        ("acts in", "Core.step (post 1)"),
        ("advice", "post 1"),
    ]
    assert [a["href"] for a in first.select("a")] == [
        "https://github.com/vllm-project/vllm/blob/v0.32.0/vllm/core.py#L11",
        "../../posts/01-one-request/#step",
        "../../posts/01-one-request/#setting-pick",
    ]
    assert facts(second) == [("default", "False"), ("decided in", "core.py:2"), ("advice", "post 2")]
    assert trades.em.text == "slower" and trades["data-label"] == "what it trades"
    assert shown.a["href"] == "../../posts/01-one-request/#claim-wait" and shown.a.text == "Waiting dominates"
    assert (shown.span.text, shown.span["data-holds"]) == ("holds", "true")


def test_the_roles_of_a_table_are_left_to_the_script(paired):
    assert render(paired).select("table[role], table [role]") == []


def test_a_claim_that_does_not_hold_says_so(site):
    site.save_claims([site.changed_claim(holds=False)])
    verdict = render(site).select_one(".claim-verdict")
    assert (verdict.text, verdict["data-holds"]) == ("does not hold", "false")


def test_what_is_not_there_is_said(site):
    site.write("snippets/knobs.toml", KNOBS.replace('claims = ["wait"]\n', ""))
    _, other, _, shown = render(site).select("tbody td")
    assert other.text == "no counterpart in these posts" and shown.text == "not measured here"


def test_a_started_server_s_value_is_read_from_its_record(site):
    data = base_record("default-vllm")
    data["host"]["gpu"] = {"name": "A <card>", "uuid": "GPU-0", "memory_bytes": 1}
    data["samples"] = [{"name": "pick", "unit": "count", "labels": {}, "values": [4]}]
    site.save_record("default-vllm", data)
    cell = render(site).select_one("tbody td")
    assert facts(cell)[1] == ("started", "4 said by a server on an A <card>")
    assert cell.select("dl > div")[1].a["href"] == "../../data/records/01/default-vllm.json"


def test_another_release_gives_another_default(site):
    cache, text = f".cache/sources/{ARTIFACT[:16]}", SOURCES[CORE].replace("return 1", "return 4")
    site.write(f"{cache}/{CORE}", text)
    site.write(f"{cache}/files.json", json.dumps({CORE: sha(text.encode()), FRONT: sha(SOURCES[FRONT].encode())}))
    assert facts(render(site).select_one("tbody td"))[0] == ("default", "4")


def test_the_excerpt_that_shows_the_deciding_lines_is_found_by_its_place(site):
    text = site.manifest.replace('symbol = "Core.schedule.pick"', 'symbol = "Core.step"')
    text = text.replace(r"return (\d)", r"return (self)")
    site.write(SLUG, text)
    cell = render(site).select_one("tbody td")
    # Then it is not named a second time as what acts on it.
    assert facts(cell) == [("default", "self"), ("decided in", "core.py:7, quoted in post 1"), ("advice", "post 1")]
    assert cell.select("dl > div")[1].select("a")[1]["href"] == "../../posts/01-one-request/#step"


def test_posts_that_read_the_same_line_share_its_default_and_another_line_is_another_one(site):
    site.write(SECOND, setting(value=r"def pick\(\):\n\s+return (\d)"))
    assert [name for name, _ in facts(render(site).select_one("tbody td"))].count("default") == 1
    site.write(SECOND, setting(symbol="Core.step", value=r"return (self\.schedule)"))
    cell = render(site).select_one("tbody td")
    assert [text for name, text in facts(cell) if name == "default"] == ["1", "self.schedule"]
    assert facts(cell)[-1] == ("advice", "post 1, post 2")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/// knobs | 06\n///\n", "docs/reference/knobs.md: knobs '06': takes no id; write '/// knobs'"),
        ("/// knobs\nprose\n///\n", "docs/reference/knobs.md: knobs: takes no content"),
    ],
)
def test_what_a_page_gets_wrong_stops_the_build(site, text, said):
    with pytest.raises(SiteError) as caught:
        render(site, text)
    assert said in str(caught.value)


def test_a_wrong_file_stops_the_build_with_its_own_line(site):
    site.write("snippets/knobs.toml", KNOBS.replace('["wait"]', '["weight"]'))
    with pytest.raises(SiteError) as caught:
        render(site)
    assert str(caught.value).startswith("snippets/knobs.toml: knob 'pick': claim 'weight'")


def test_a_default_that_the_release_does_not_bear_out_stops_the_build(site):
    site.write(SLUG, site.manifest.replace("return (", "yield ("))
    with pytest.raises(SiteError, match="setting 'pick': value: nothing in 'Core.schedule.pick'"):
        render(site)


def test_no_file_beside_the_manifests_is_taken_for_the_page_s_own(site):
    context = Context(root=site.root)
    context.start_build()
    context.start_page("reference/knobs.md")
    assert context.manifest is None
