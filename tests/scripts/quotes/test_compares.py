"""Compares: two runs that are no comparison, and a question without its answer, are one line each."""

import pytest

from scripts.build import verify
from scripts.catalog import site_data
from scripts.common.errors import SiteError
from scripts.quotes import compares, manifest
from tests.scripts.fixtures import small_runs
from tests.scripts.fixtures.small_runs import COMPARE
from tests.scripts.fixtures.small_site import Site

FILE = "snippets/01-one-request.toml"


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    small_runs.add(made, "run-a")
    small_runs.add(made, "run-b", change=lambda run: run["setup"].update(budget=16))
    return made


def check(site, tables=COMPARE):
    read = manifest.parse(tables, FILE)
    ((_, compare),) = compares.parse(read).items()
    evidence = site_data.of(site.root)
    sides = (compares.record_of(side, compare, read) for side in (compare.a, compare.b))
    return compares.check(compare, *map(evidence.record, sides))


def refused(site, said, tables=COMPARE):
    with pytest.raises(SiteError) as caught:
        check(site, tables)
    line = str(caught.value)
    assert line.startswith(f"{FILE}: compare 'half'") and said in line and "\n" not in line, line


def test_two_runs_that_differ_in_one_setting(site):
    made = check(site)
    assert (made.changed, made.last, [mark.step for mark in made.compare.marks]) == ("budget", 3, [2, 3])


def test_two_engines_are_a_change_of_their_own(site):
    def of_sglang(run):
        run["setup"].update(tokens=99)

    small_runs.add(site, "run-b", "slots", of_sglang, engine="sglang")
    assert check(site).changed == ""


def test_a_replay_of_the_manifest_names_its_record(site):
    replay = '[[replay]]\nid = "few"\nrecord = "01/run-a"\ntitle = "T"\nbecause = []\nmark = []\n'
    read = manifest.parse(replay + COMPARE.replace('a = "01/run-a"', 'a = "few"'), FILE)
    assert compares.record_of("few", read.compares[0], read) == "01/run-a"
    with pytest.raises(SiteError, match="there is no replay 'more' in .* \\(few\\)"):
        compares.record_of("more", read.compares[0], read)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda run: None, "01/run-a and 01/run-b have the same settings"),
        (lambda run: run["setup"].update(budget=16, watermark=0.5), "differ in more than one setting (budget 8 and"),
        (lambda run: run["requests"]["a"].update(prompt=9), "are runs of different requests"),
        (lambda run: run.update(kind="tree"), "is a replay of the kind tree, in which no tokens are given"),
    ],
)
def test_what_is_no_comparison_is_one_line(site, change, said):
    small_runs.add(site, "run-b", change=change)
    refused(site, said)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('b = "01/run-b"', 'b = "other"', "there is no replay 'other'"),
        ('right = "later"', 'right = "never"', "right 'never' is none of its answers"),
        ('answers = ["sooner", "later"]', 'answers = ["later"]', "has 1 answers; give 2 to 5"),
        ('answers = ["sooner", "later"]', 'answers = ["later", "later"]', "two answers read alike"),
        ("step = 3", "step = 4", "mark 'end': there is no step 4, the longer run ends with step 3"),
        ("step = 3", "step = 2", "marks step 2 too"),
        ('question = "When?"', "", "'question' is missing"),
    ],
)
def test_what_a_manifest_gets_wrong_is_one_line(site, old, new, said):
    assert old in COMPARE
    refused(site, said, COMPARE.replace(old, new))


def test_other_arrivals_are_other_requests(site):
    def half(run):
        run["setup"].update(budget=16)

    small_runs.add(site, "run-b", change=half, workload={"seed": None, "requests": {"a": {"at": 2}}})
    refused(site, "are runs of different requests")


def test_verify_counts_compares_and_misses_those_that_no_page_shows(site):
    site.write(FILE, site.manifest + COMPARE)
    with pytest.raises(verify.Wrong, match="compare 'half': is not used on any page"):
        verify.check_replays(verify.LookedAt(site.root))
