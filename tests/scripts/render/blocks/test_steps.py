"""`/// steps`: what the options ask for is on the page, and what they ask in vain is one line."""

import pytest

from scripts.common.errors import SiteError
from tests.scripts.fixtures import small_runs
from tests.scripts.fixtures.small_site import PAGE, Site
from tests.scripts.render.test_measured_blocks import render


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    small_runs.add(made, "run-a")
    small_runs.add(made, "run-b", "slots")
    small_runs.add(made, "run-c", change=lambda run: run["setup"].update(budget=16))
    return made


def figure(site, options="", content="", record="01/run-a"):
    block = f"\n/// steps | {record}\n{options}{content}\n///\n"
    return render(site, PAGE.split("---\n", 2)[2] + block).select_one("figure.steps")


def test_both_engines_at_the_same_steps_with_what_is_free(site):
    made = figure(site, "    steps: 1-3\n    with: 01/run-b\n    memory: true\n", "\nThe *same* steps.\n")
    rows = [[cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in made.select("tr")]
    assert rows[0] == ["step", "1", "2", "3"]
    assert rows[2] == ["a", "6", "1", "1"] and rows[3][0] == "b" and "found" in rows[3][2] and rows[3][3] == "preempted"
    assert rows[4] == ["tokens of 8", "6", "3", "1"] and rows[5] == ["batch", "prompts", "both", "decodes"]
    assert rows[6] == ["free of 4 blocks", "2", "1", "4"]
    assert rows[8] == ["a", "6", "0", "1"] and rows[-1] == ["free of 16 slots", "10", "6", "9"]
    assert made["id"] == "steps-run-a-run-b-1-3" and made.select_one("figcaption em").text == "same"
    links = [link["href"].rpartition("/data/")[2] for link in made.select(".steps-source a")]
    assert links == ["records/01/run-a.json", "records/01/run-b.json"]


def test_one_engine_twice_is_told_apart_by_what_was_changed(site):
    made = figure(site, "    with: 01/run-c\n")
    labels = [row.text for row in made.select(".steps-run")]
    assert labels == ["vLLM 0.32.0, budget 8", "vLLM 0.32.0, budget 16"]


def test_the_picture_has_a_part_for_each_request_and_dots_for_one(site):
    made = figure(site, "    draw: true\n    dots: a\n    with: 01/run-b\n").select_one("svg.picture-svg")
    assert made["role"] == "img" and "2 rows of 3 bars" in made["aria-label"]
    assert len(made.select("rect.r1.prompt")) == 2 and len(made.select("rect.r1.decode")) == 3
    assert len(made.select("rect.r2.prompt")) == 2
    assert len(made.select("circle.r1")) == (1 + 2 + 3) + (1 + 1 + 2)


def test_one_request_and_one_step(site):
    made = figure(site, "    steps: 2\n    requests: b\n")
    assert [row.th.text for row in made.select("tbody tr:not(.steps-run, .steps-sum)")] == ["b"]
    assert made["id"] == "steps-run-a-2-2"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("    steps: 1-9\n", "1-9 is not within the record's steps; they are 1-3"),
        ("    steps: two\n", "'two' is no range; write two numbers, as in 1-5"),
        ("    requests: a z\n", "there is no 'z'; use some of a b"),
        ("    with: 01/nothing\n", "there is no experiments/records/01/nothing.json"),
        ("    dots: a\n", "'dots': belongs to the picture"),
        ("    draw: true\n    dots: z\n", "'dots': 'z' is no request of this table"),
    ],
)
def test_what_is_asked_in_vain_is_one_line(site, options, said):
    with pytest.raises(SiteError) as caught:
        figure(site, options)
    line = str(caught.value)
    assert said in line and "\n" not in line and "steps '01/run-a'" in line


def test_other_requests_are_not_set_below(site):
    small_runs.add(site, "run-d", change=lambda run: run["requests"]["a"].update(prompt=7))
    with pytest.raises(SiteError, match="01/run-d has other requests than 01/run-a"):
        figure(site, "    with: 01/run-d\n")
