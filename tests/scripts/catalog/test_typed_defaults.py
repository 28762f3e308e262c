"""A default in a sentence is read from the release, or says where it is decided; and what it says is so."""

import pytest

from scripts.catalog import typed_defaults
from scripts.catalog.site_data import Evidence
from tests.scripts.fixtures.small_site import Site


@pytest.fixture
def evidence(tmp_path):
    site = Site(tmp_path)
    site.write("tools/limits.py", "MOST = 18\nVERBOSE: bool = False\n\n\ndef wait(eager=True):\n    pause(2.5)\n")
    return Evidence(tmp_path)


def found(text):
    return [(each.line, each.text, each.value, each.why) for each in typed_defaults.in_text(text, "docs/a.md")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("must leave free, 0 by default.", "0"), ("0.01 by\ndefault", "0.01"), ("It is *off* by default", "off"),
        ("one token by default up to Hopper", "one"), ("64 on Blackwell by default", "64"),
        ("None by default.", "none"), ("the default is on.", "on"),
        ("by default 1, groups tokens", "1"), ("By default it is 1,024.", "1,024"), ("Its default is 0, so", "0"),
        ("at the default of 8,192 tokens", "8,192"), ("a default that is on by default", "on"),
        ("blocks of 16, the default on a GPU", "16"), ("128 (the default)", "128"), ("by default, it is off", "off"),
    ],
)  # fmt: skip
def test_a_default_that_is_typed_is_found(text, value):
    ((_, _, said, why),) = found(text)
    assert (said, why) == (value, "")


@pytest.mark.parametrize(
    "text",
    [
        "free, {{setting:01/pick}} by default", "By default one: the next step is launched", "on by `default`",
        "On one H200, by default, with a model", "a limit, by default, on what it takes", "default, off and 16,384",
        "as long as by default, 32 requests at once", "the default is one step ahead", "0.7 times the default's",
        "the order of arrival, the default", "`0 by default`", "the default is on disk",
    ],
)  # fmt: skip
def test_what_types_no_default_is_left(text):
    assert found(text) == []


def test_a_mark_may_follow_the_value_or_the_words():
    assert found("a\n16{fixed: a.py::B}, the default") == [(2, "16, the default", "16", "a.py::B")]
    assert found("64{fixed: a.py::B} on Blackwell by default")[0][3] == "a.py::B"
    assert found("Both are off by default{fixed: setting 01/a, setting 01/b}.")[0][3] == "setting 01/a, setting 01/b"


def faults(evidence, text):
    return typed_defaults.faults(typed_defaults.in_text(text, "docs/a.md", 3), evidence)


@pytest.mark.parametrize(
    "text",
    [
        "1 by default{fixed: setting 01/pick}", "18 by default{fixed: tools/limits.py::MOST}",
        "on by default{fixed: setting 01/pick}",
        "off by default{fixed: tools/limits.py::VERBOSE}", "on by default{fixed: tools/limits.py::wait}",
        "off by default{fixed: vLLM 0.33.0}", "18{fixed: tools/limits.py::MOST}, the default",
    ],
)  # fmt: skip
def test_what_is_decided_where_it_says_passes(evidence, text):
    assert faults(evidence, text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.01 by default", "refer to it with {{setting:NN/ID}}, or, where it is no setting here, name what"),
        ("2 by default{fixed: setting 01/pick}", "'setting 01/pick' does not say so; correct the one that is wrong"),
        ("off by default{fixed: setting 01/pick}", "and 'setting 01/pick' does not say so"),
        ("on by default{fixed: tools/limits.py::VERBOSE}", "and 'tools/limits.py::VERBOSE' does not say so"),
        ("1 by default{fixed: setting 01/pick, setting 01/none}", "which is not there (01 has no setting 'none')"),
        ("off by default{fixed: vLLM 0.99.0}", "name what decides it: off{fixed: PATH::NAME}"),
        ("off by default{fixed: chosen}", "name what decides it"),
    ],
)  # fmt: skip
def test_what_nothing_vouches_for_is_one_line(evidence, text, said):
    (line,) = faults(evidence, text)
    assert line.startswith("docs/a.md:3: types the default of '") and said in line and "\n" not in line


def test_pages_and_manifests_are_read(evidence):
    root = evidence.root
    (root / "docs/a.md").write_text("---\ntitle: 1 by default\n---\n\n2 by default\n```\n3 by default\n```\n")
    manifest = root / "snippets/01-one-request.toml"
    manifest.write_text(
        manifest.read_text().replace('text = "It schedules first', 'text = "4 by default. It schedules first')
    )
    typed = typed_defaults.scan(root)
    assert [(each.file, each.value) for each in typed] == [("docs/a.md", "2"), ("snippets/01-one-request.toml", "4")]
    assert typed[0].line == 5 and manifest.read_text().split("\n")[typed[1].line - 1].startswith('text = "4')
