"""Hops of one line: what ran passes, and each way in which the recording or the manifest can disagree is found."""

import pytest

from scripts.catalog import ledger
from scripts.catalog import site_data as standing_on
from scripts.common.errors import SiteError
from tests.scripts.fixtures.small_site import CORE, Site, rows
from tests.scripts.render.test_measured_blocks import part

STEP = f"{CORE}::Core.step"
RETURN = 7  # the line of `return self.schedule()`
HOP = f"""
[[path.hop]]
id = "branch"
symbol = "{STEP}"
line = "return self.schedule()"
in = {{ vllm-gpu = "engine-core" }}
not_in = ["vllm-gpu-off"]
excerpt = "step"
does = "goes on to schedule"
"""
AFTER = '[[path.hop]]\nid = "forward-gpu"'


@pytest.fixture
def site(tmp_path):
    """A path with one line, claimed in one configuration and claimed not to run in a variant."""
    made = Site(tmp_path)
    text = made.manifest.replace('configurations = ["vllm-gpu", "vllm-cpu"]',
                                 'configurations = ["vllm-gpu", "vllm-gpu-off", "vllm-cpu"]')
    made.manifest = text.replace(AFTER, HOP.lstrip() + AFTER)
    assert made.manifest.count('id = "branch"') == 1
    made.write("snippets/01-one-request.toml", made.manifest)
    record(made, "vllm-gpu", [executed()])
    record(made, "vllm-gpu-off", [])
    return made


def executed(line=RETURN, pid=2, t_ns=31):
    return [STEP, line, "line", pid, "MainThread", t_ns, "request"]


def record(site, configuration, more, watched=(STEP,), **changed):
    lines = [{"symbol": symbol, "role": "engine-core"} for symbol in watched]
    site.save_recording(configuration, [*rows("vllm-gpu"), *more], lines=lines, **changed)


def problems(site, configuration="vllm-gpu"):
    return standing_on.Evidence(site.root).path_states["chat"][configuration]


def only(found, *parts):
    assert len(found) == 1 and "\n" not in found[0], found
    for each in ("snippets/01-one-request.toml: path 'chat', hop 'branch' (Core.step)", *parts):
        assert each in found[0], found[0]


def test_a_line_that_ran_and_did_not_run_where_claimed_passes(site):
    assert problems(site) == []
    assert problems(site, "vllm-gpu-off") == []


def test_a_line_that_did_not_run(site):
    record(site, "vllm-gpu", [executed(line=6)])
    only(problems(site), "vllm-gpu: line 7 did not run: return self.schedule()")


def test_a_line_that_ran_where_it_is_claimed_not_to(site):
    record(site, "vllm-gpu-off", [executed()])
    only(problems(site, "vllm-gpu-off"), "vllm-gpu-off: line 7 ran, and is claimed not to", "drop it from not_in")


@pytest.mark.parametrize("configuration", ["vllm-gpu", "vllm-gpu-off"])
def test_a_function_whose_lines_were_not_watched_says_nothing(site, configuration):
    record(site, configuration, [], watched=[f"{CORE}::Core.loop"])
    only(problems(site, configuration), "its lines were not watched", "those of Core.loop")


def test_a_line_that_ran_too_early(site):
    record(site, "vllm-gpu", [executed(t_ns=29)])
    only(problems(site), "out of order: ran", "before hop step")
    record(site, "vllm-gpu", [executed(t_ns=29), executed(t_ns=33)])
    assert problems(site) == [], "a later turn may take the place"


def test_a_line_that_ran_in_another_process(site):
    record(site, "vllm-gpu", [executed(pid=1)])
    only(problems(site), "other process: line 7 is claimed in engine-core, ran in api-server")


def test_a_line_of_a_file_that_differs(site):
    record(site, "vllm-gpu-off", [], files={CORE: "0" * 64})
    found = [line for line in problems(site, "vllm-gpu-off") if "'branch'" in line]
    only(found, "differing file")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('line = "return self.schedule()"', 'line = "return self.schedule"', "no line of the function reads"),
        ('line = "return self.schedule()"\n', "", "not_in and nth are of a line"),
        ('line = "return self.schedule()"', 'line = "return self.schedule()"\nkind = "start"', "drop kind"),
        ('line = "return self.schedule()"', 'line = "return self.schedule()"\nnth = 2', "stands there 1 times"),
        ('not_in = ["vllm-gpu-off"]', 'not_in = ["sglang-gpu"]', "not one of the path's"),
        ('not_in = ["vllm-gpu-off"]', 'not_in = ["vllm-gpu"]', "both to run and not to run"),
        ('not_in = ["vllm-gpu-off"]', 'nth = "2"', "'nth' must be a number"),
        ('not_in = ["vllm-gpu-off"]', "nth = 0", "nth is 0, and lines that read alike are counted from 1; correct it"),
        ('not_in = ["vllm-gpu-off"]', "not_in = [3]", "'not_in' holds 3, which is not text; correct it"),
    ],
)
def test_a_manifest_that_is_wrong_stops(site, old, new, said):
    assert old in site.manifest
    site.write("snippets/01-one-request.toml", site.manifest.replace(old, new, 1))
    with pytest.raises(SiteError, match="hop 'branch'") as caught:
        problems(site)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_which_of_several_lines_has_to_be_said(site):
    text = site.manifest.replace(f'symbol = "{STEP}"\nline = "return self.schedule()"',
                                 'symbol = "vllm/core.py::Core"\nline = "pass"')
    site.write("snippets/01-one-request.toml", text)
    with pytest.raises(SiteError, match="'pass' stands on lines 15, 18, 21; say which by nth = 1 to 3"):
        problems(site)
    site.write("snippets/01-one-request.toml", text.replace('line = "pass"', 'line = "pass"\nnth = 2'))
    (found,) = problems(site)
    assert "hop 'branch' (Core), vllm-gpu: its lines were not watched" in found



def test_the_page_shows_the_line_and_where_it_did_not_run(site):
    hop = part(site, "/// path | chat\n///").select_one("#path-chat-branch")
    assert hop.select_one("a code").text == "return self.schedule()"
    assert hop.select_one("a")["href"] == f"../../posts/01-one-request/#step-L{RETURN}"
    assert "line 7 of Core.step" in hop.text and "core.py:7" in hop.text
    assert [badge.text for badge in hop.select(".path-badge")] == ["GPU", "GPU without chunks"]
    assert "did not run on" in hop.text


def test_a_line_outside_the_excerpt_links_to_the_excerpt_itself(site):
    text = site.manifest.replace(f'symbol = "{STEP}"\nline = "return self.schedule()"',
                                 'symbol = "vllm/core.py::Core.schedule"\nline = "return pick()"')
    site.write("snippets/01-one-request.toml", text)
    row = ["vllm/core.py::Core.schedule", 12, "line", 2, "MainThread", 31, "request"]
    for configuration, more in (("vllm-gpu", [row]), ("vllm-gpu-off", [])):
        record(site, configuration, more, watched=["vllm/core.py::Core.schedule"])
    hop = part(site, "/// path | chat\n///").select_one("#path-chat-branch")
    assert hop.select_one("a")["href"] == "../../posts/01-one-request/#step"


def test_the_ledger_has_the_line_and_what_is_wrong_with_it(site):
    def entry():
        return next(e for e in ledger.entries(standing_on.Evidence(site.root)) if e["id"] == "chat/branch")

    assert entry()["state"] == "recorded"
    assert entry()["detail"] == "engine-core on vllm-gpu; not on vllm-gpu-off; line: return self.schedule()"
    record(site, "vllm-gpu-off", [executed()])
    assert entry()["state"] == "not seen" and "claimed not to" in entry()["detail"]


def test_names_of_several_configurations_are_one_phrase(site):
    forks = [fork.text for fork in part(site, "/// path | chat\n///").select("li.path-fork")]
    assert forks[0] == "GPU, GPU without chunks and CPU part here. GPU and CPU only"
