"""Symptoms: signs that are the release's own text, a change for each engine, claims that are there; and each error."""

import io

import pytest

from scripts.build import verify
from scripts.catalog import site_data, symptoms
from tests.scripts.fixtures.small_site import SYMPTOMS, SYMPTOMS_PAGE, Site, one_line

SECOND = SYMPTOMS[SYMPTOMS.index("[[symptom]]") :].replace('id = "slow-pick"', 'id = "other-pick"')


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def load(site) -> list:
    found = site_data.Evidence(site.root)
    loaded = symptoms.load(found.pins, site.root)
    symptoms.check(loaded, found.claims, found.resolver, found.uses)
    return loaded


def refused(site, *parts):
    one_line(lambda: load(site), *parts)


def changed(site, old: str, new: str) -> None:
    assert old in SYMPTOMS
    site.write(symptoms.FILE, SYMPTOMS.replace(old, new))


def test_a_symptom_has_its_sign_its_change_and_its_claims(site):
    (symptom,) = load(site)
    assert (symptom.id, symptom.group.title) == ("slow-pick", "At start")
    ((sign, excerpt),) = symptom.signs
    assert (sign.at, excerpt.symbol) == ("return self.schedule()", "Core.step")
    ((change, knob),) = symptom.changes
    assert (change.unmeasured, knob.id) == (False, "pick")
    assert symptom.claims == ("wait",)


def test_a_price_without_a_value_was_not_measured(site):
    changed(site, "waits {{wait.share}} of the time", "waits")
    ((change, _),) = load(site)[0].changes
    assert change.unmeasured
    changed(site, "It waits {{wait.share}} of the time", "None")
    ((change, _),) = load(site)[0].changes
    assert not change.unmeasured


def test_a_symptom_may_rest_on_nothing(site):
    site.write(symptoms.FILE, SYMPTOMS.replace("waits {{wait.share}} of the time", "waits").replace('["wait"]', "[]"))
    assert load(site)[0].claims == ()


def test_a_sign_that_a_release_says_otherwise_stops(site):
    changed(site, 'at = "return self.schedule()"', 'at = "return self.pick()"')
    refused(site, "symptom 'slow-pick', sign 'return self.pick()': 'return self.pick()' is not in the excerpt")


def test_a_symptom_that_the_page_does_not_show_stops(site):
    site.write(symptoms.FILE, SYMPTOMS + SECOND)
    refused(site, "symptom 'other-pick': docs/symptoms.md does not show it; write '/// symptom | other-pick' there")
    site.write("docs/symptoms.md", SYMPTOMS_PAGE + "\n/// symptom | other-pick\n///\n")
    assert [symptom.id for symptom in load(site)] == ["slow-pick", "other-pick"]


def test_without_a_file_there_is_none(site):
    (site.root / symptoms.FILE).unlink()
    assert load(site) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'answer = "It is',
            'anwser = "It is',
            "symptom 'slow-pick': unknown key 'anwser'; remove it, or use one of id",
        ),
        ('look = "At *it*."\n', "", "symptom 'slow-pick': 'look' is missing; add it"),
        ('group = "start"', 'group = "stat"', "symptom 'slow-pick': group 'stat' is not known; use one of start"),
        ('id = "slow-pick"', 'id = "Slow pick"', "id 'Slow pick' is not lower-case words"),
        ('kind = "code"', 'kind = "cod"', "sign 'return self.schedule()': kind 'cod' is not known; use one of metric"),
        ('excerpt = "01/step"', 'excerpt = "01/stop"', "excerpt '01/stop' is not defined; use one of 01/step"),
        ('read = ["01/step"]', 'read = ["9/x"]', "excerpt '9/x' is not defined; use one of NN/id, as the excerpts"),
        ('box = ["step"]', 'box = ["stop"]', "symptom 'slow-pick': box 'stop' is not known; use one of send, step"),
        ('["slow pick"]', '["#pick: 0"]', "'#pick: 0' would be no words of a line; put its first word into"),
        ('knob = "pick"', 'knob = "peck"', "symptom 'slow-pick': knob 'peck' is not known; use one of pick"),
        ('engine = "vllm"', 'engine = "vlm"', "symptom 'slow-pick': says nothing of vllm; add a [[symptom.change]]"),
        ('["wait"]', '["weight"]', "symptom 'slow-pick': claim 'weight' is in no file of experiments/claims"),
        ("{{wait.share}}", "{{wait.shore}}", "claim wait has no value 'shore'"),
        ("{{wait.share}}", "{{weight.share}}", "symptom 'slow-pick': claim 'weight' is in no file"),
        ("[[symptom]]", "[[symptoms]]", "snippets/symptoms.toml: 'symptoms' is nothing that it holds; write [[group]]"),
    ],
)
def test_the_file_is_read_strictly(site, old, new, said):
    changed(site, old, new)
    refused(site, said)


def test_a_knob_without_a_flag_of_the_engine_stops(site):
    engines = ("vllm", "other")
    changed(
        site,
        "[[symptom.change]]",
        '[[symptom.change]]\nengine = "other"\nknob = "pick"\ndo = "d"\nprice = "p"\n\n[[symptom.change]]',
    )
    one_line(lambda: symptoms.load(engines, site.root), "knob 'pick' has no flag of other; name another knob, or leave")


def test_verify_counts_symptoms_and_those_with_a_claim(site):
    out = io.StringIO()
    assert verify.verify(site.root, out, {"symptoms": verify.check_symptoms}) == 0
    assert (
        out.getvalue()
        == "ok     symptoms            1 symptoms say what to change in each engine, 1 of them with a claim\n"
    )


def test_a_number_typed_in_a_symptom_is_found(site):
    changed(site, 'look = "At *it*."', 'look = "At 3 ms of it."')
    out = io.StringIO()
    assert verify.verify(site.root, out, {"typed numbers": verify.check_numbers}) == 1
    assert "snippets/symptoms.toml" in out.getvalue() and "types '3 ms'" in out.getvalue()
