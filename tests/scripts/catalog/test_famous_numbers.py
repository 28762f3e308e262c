"""Famous numbers: sources, figures and verdicts as the file gives them, and each way it can be wrong."""

import io
import sys

import pytest

from scripts.build import verify
from scripts.catalog import famous_numbers, ledger, site_data
from tests.scripts.fixtures.small_site import FAMOUS, Site, one_line

FIGURE = FAMOUS[FAMOUS.index("[[figure]]") :]
OURS = 'ours = "It waits {{wait.share}} of the time ({{wait.share.ci}})."\n'
MORE = '\n[source.paper]\ntitle = "P"\nurl = "https://example.org/p"\ndate = "2023"\nread = "copy"\nhow = "page 2"\n'


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def load(site) -> list:
    found = site_data.Evidence(site.root)
    loaded = famous_numbers.load(site.root)
    famous_numbers.check_values(loaded, found.claims)
    return loaded


def refused(site, *parts):
    one_line(lambda: load(site), *parts)


def changed(site, *pairs) -> None:
    text = FAMOUS
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    site.write(famous_numbers.FILE, text)


def test_a_figure_has_its_source_verdict_and_claims(site):
    (figure,) = load(site)
    assert (figure.anchor, figure.group.anchor, figure.source) == ("famous-third", "figures-time", "blog")
    assert (figure.figure, figure.verdict, figure.mind) == ("33%", "not on this set-up", "")
    # Two references to one claim are one claim.
    assert figure.claims == ("wait",) and figure.values == [("wait", "share"), ("wait", "share.ci")]


def test_a_claim_that_the_reason_names_counts_too(site):
    changed(
        site, ("Another model.", "It waits {{wait.share}}."), (OURS, ""), ("not on this set-up", "not measured yet")
    )
    (figure,) = load(site)
    assert figure.claims == ("wait",) and figure.ours == ""


def test_a_site_that_quotes_nobody_has_no_file(site):
    (site.root / famous_numbers.FILE).unlink()
    assert famous_numbers.load(site.root) == [] and famous_numbers.load_sources(site.root) == {}


def test_groups_are_in_the_order_of_the_file(site):
    first = '[[group]]\nid = "first"\ntitle = "F"\n'
    more = FIGURE.replace('"third"', '"half"').replace('group = "time"', 'group = "first"')
    site.write(famous_numbers.FILE, FAMOUS.replace("[[group]]", first + "[[group]]") + more)
    assert [figure.id for figure in load(site)] == ["half", "third"]


@pytest.mark.parametrize("date", ["2024", "2024-05", "2024-05-31"])
def test_a_date_may_be_as_rough_as_it_is_known(site, date):
    changed(site, ('"2024-05"', f'"{date}"'))
    assert load(site) and famous_numbers.load_sources(site.root)["blog"]["date"] == date


def test_a_source_in_words_has_its_note(site):
    source = {"title": "A blog", "date": "2024-05"}
    assert famous_numbers.described(source) == "A blog, 2024-05"
    assert famous_numbers.described(source | {"note": "one card"}) == "A blog, 2024-05 (one card)"


@pytest.mark.parametrize("read", ["copy", "second-hand"])
def test_what_was_not_read_in_the_original_needs_a_reason(site, read):
    changed(site, ('"original"', f'"{read}"'))
    refused(site, f"snippets/famous.toml: source 'blog': is {read} without a reason; say in 'how' what was read")
    changed(site, ('"original"', f'"{read}"\nhow = "the page is gone"'))
    assert load(site)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # sources
        ('title = "A blog"\n', "", "source 'blog': 'title' is missing; add it"),
        ('url = "https://example.org/blog"\n', "", "source 'blog': 'url' is missing; add it"),
        ('"https://example.org/blog"', '"example.org"', "source 'blog': url 'example.org' is no web address; write it"),
        ('date = "2024-05"\n', "", "source 'blog': 'date' is missing; add it"),
        ('"2024-05"', '"May 2024"', "source 'blog': date 'May 2024' is no date; write YYYY-MM-DD, or as much of it"),
        ('read = "original"\n', "", "source 'blog': 'read' is missing; add it"),
        ('"original"', '"skimmed"', "source 'blog': read 'skimmed' is not known; use one of original, copy"),
        ('read = "original"', 'red = "original"', "source 'blog': unknown key 'red'; remove it, or use one of title"),
        ("[source.blog]", "[source.Blog]", "source 'Blog': id 'Blog' is not lower-case words"),
        ("[source.blog]", "[source]", "source 'title': is no table"),
        # groups
        ('title = "Where time goes"\n', "", "group 'time': 'title' is missing; add it"),
        ("[[figure]]", '[[group]]\nid = "time"\ntitle = "x"\n[[figure]]', "group 'time': two groups are called that"),
        ("[[figure]]", '[[group]]\nid = "bare"\ntitle = "x"\n[[figure]]', "group 'bare': has no figure; remove it, or"),
        # figures
        ('source = "blog"\n', "", "figure 'third': 'source' is missing; add it"),
        ('source = "blog"', 'source = "bolg"', "figure 'third': source 'bolg' is not known; use one of blog"),
        ('group = "time"', 'group = "tim"', "figure 'third': group 'tim' is not known; use one of time"),
        ('"single"', '"double"', "figure 'third': kind 'double' is not known; use one of best, mean, single, range"),
        ('"not on this set-up"', '"wrong"', "figure 'third': verdict 'wrong' is not known; use one of reproduced"),
        ('verdict = "not on this set-up"\n', "", "figure 'third': 'verdict' is missing; add it"),
        ('why = "Another model."\n', "", "figure 'third': 'why' is missing; add it"),
        ('"Another model."', '" "', "figure 'third': 'why' must be text; correct or remove it"),
        ('figure = "33%"', "figure = 33", "figure 'third': 'figure' must be text; correct or remove it"),
        ('setup = "a model of 8B on one card"\n', "", "figure 'third': 'setup' is missing; add it"),
        ('against = "nothing"\n', "", "figure 'third': 'against' is missing; add it"),
        ("what =", "whta =", "figure 'third': unknown key 'whta'; remove it, or use one of id, group, source, what"),
        ('id = "third"\n', "", "figure number 1: 'id' is missing; add it"),
        ('id = "third"', 'id = "A third"', "id 'A third' is not lower-case words"),
        ("{{wait.share}}", "{{weight.share}}", "figure 'third': claim 'weight' is in no file of experiments/claims"),
        ("{{wait.share}}", "{{wait.shore}}", "claim wait has no value 'shore' (it has: share); correct the reference"),
        ("{{wait.share}}", "{{wait}}", "figure 'third': {{wait}} names no value; write {{claim.value}}"),
        (OURS, "", "figure 'third': is 'not on this set-up' without a value of ours; write {{claim.value}} in 'ours'"),
        (OURS, 'ours = "A third."\n', "figure 'third': is 'not on this set-up' without a value of ours"),
        ('"not on this set-up"', '"not measured yet"', "is 'not measured yet' and says in 'ours' what was measured"),
        # the file
        ("[[figure]]", "[[figgure]]", "snippets/famous.toml: 'figgure' is nothing that it holds; write [source.id]"),
        ("[[figure]]", "[figure]", "snippets/famous.toml: 'figure' is nothing that it holds; write [source.id]"),
        ("[[figure]]", "[[figure]", "snippets/famous.toml: not TOML ("),
    ],
)
def test_the_file_is_read_strictly(site, old, new, said):
    changed(site, (old, new))
    refused(site, said)


@pytest.mark.parametrize("verdict", famous_numbers.MEASURED)
def test_every_verdict_on_a_measurement_needs_one(site, verdict):
    changed(site, ("not on this set-up", verdict))
    assert load(site)[0].verdict == verdict
    # A claim in the reason is none of what was measured.
    changed(site, ("not on this set-up", verdict), (OURS, ""), ("Another model.", "It waits {{wait.share}}."))
    refused(site, f"figure 'third': is '{verdict}' without a value of ours")


def test_what_cannot_be_tested_may_show_what_is_near_to_it(site):
    changed(site, ("not on this set-up", "cannot be tested here"))
    assert load(site)[0].claims == ("wait",)
    changed(site, ("not on this set-up", "cannot be tested here"), (OURS, ""))
    assert load(site)[0].claims == ()


def test_two_figures_may_not_have_one_name(site):
    site.write(famous_numbers.FILE, FAMOUS + FIGURE)
    refused(site, "snippets/famous.toml: figure 'third': two figures are called that; rename one")


def test_a_source_without_a_figure_stops(site):
    site.write(famous_numbers.FILE, FAMOUS + MORE)
    refused(site, "source 'paper': no figure is from it, so the page", 'write source = "paper" in a [[figure]]')


def test_the_ledger_has_the_figures(site):
    found = {entry["id"]: entry for entry in ledger.document(site_data.Evidence(site.root))["entries"]}
    entry = found["famous/third"]
    assert (entry["kind"], entry["title"], entry["state"]) == ("quoted", "33%", "theirs")
    assert entry["used"] == ["reference/famous/#famous-third"]
    assert entry["detail"].endswith("Here: not on this set-up. A blog, 2024-05 https://example.org/blog")


def test_verify_counts_figures_and_refuses_an_unknown_claim(site, monkeypatch):
    monkeypatch.setattr(verify, "LAB", (sys.executable, "-c", "pass"))

    def run():
        out = io.StringIO()
        return verify.verify(site.root, out, {"famous numbers": verify.check_famous}), out.getvalue()

    said = "ok     famous numbers      1 famous numbers of 1 sources have a verdict, 1 measured here\n"
    assert run() == (0, said)
    changed(site, ("{{wait.share}}", "{{weight.share}}"))
    status, text = run()
    assert status == 1 and "figure 'third': claim 'weight' is in no file" in text
