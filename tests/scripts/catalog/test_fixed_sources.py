"""What is marked as fixed is said by what its reason names: a claim, a setting, a record, a definition."""

import pytest

from scripts.catalog import fixed_sources
from scripts.catalog.site_data import Evidence
from scripts.catalog.typed_numbers import Typed
from tests.scripts.fixtures.small_site import Site


@pytest.fixture
def evidence(tmp_path):
    site = Site(tmp_path)
    test = {"test": {"is": "below", "limit": 1.02, "of": ["share"]}}
    site.save_claims([site.changed_claim(sentence="In gaps of more than 100 ms: {share}.", predicate=test)])
    site.write("tools/limits.py", "MOST_MINUTES = 18  # a suite\n\n\ndef wait(other):\n    pause(2.5)\n")
    return Evidence(tmp_path)


def faults(evidence, text, why, kind="fixed"):
    return fixed_sources.faults([Typed("docs/a.md", 3, text, kind, why)], evidence)


RIGHT = (
    ("100 ms", "the threshold of claim wait"), ("two per cent", "the bound of claim wait"), ("2%", "claim wait"),
    ("1 tok/s", "setting 01/pick"), ("2 s", "record 01/ttft#host.cores"), ("2.5 s", "tools/limits.py::wait"),
    ("18 minutes", "tools/limits.py::MOST_MINUTES"), ("1 s", "vllm/core.py::pick"), ("100%", "all of it"),
    ("0%", "nothing"), ("16 tokens", "chosen"), ("4 GiB", "an example"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "why"), RIGHT, ids=[f"{text} {why}" for text, why in RIGHT])
def test_what_is_said_there_passes(evidence, text, why):
    assert faults(evidence, text, why) == []


WRONG = (
    ("18.2 ms", "as measured", "which names nothing that says it; refer to it with {{claim.value}}, or name 'claim"),
    ("38%", "an example", "names nothing"), ("1.5 times", "the bound", "names nothing"),
    ("40 tok/s", "x", "names nothing"), ("16 tokens", "the default", "names nothing"),
    ("200 ms", "claim wait", "by 'claim wait', in which no 200 stands; correct the number or the reason"),
    ("100 ms", "claim late", "by 'claim late', which is not there (claim late: is in no file"),
    ("7 s", "setting 01/pick", "no 7 stands"), ("1 s", "setting 01/none", "01 has no setting 'none'"),
    ("9 s", "record 01/ttft#host.cores", "no 9 stands"), ("5 s", "vllm/core.py::pick", "no 5 stands"),
    ("19 minutes", "tools/limits.py::MOST_MINUTES", "no 19 stands"),
    ("18 minutes", "tools/limits.py::LEAST", "tools/limits.py names no LEAST"),
    ("18 minutes", "tools/none.py::MOST", "no file tools/none.py here, and no release is pinned that has it"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "why", "said"), WRONG, ids=[f"{text} {why}" for text, why, _ in WRONG])
def test_what_is_not_said_there_is_one_line(evidence, text, why, said):
    (line,) = faults(evidence, text, why)
    assert line.startswith(f"docs/a.md:3: '{text}' is marked as fixed by ") and said in line and "\n" not in line


def test_what_is_quoted_is_not_looked_at_here(evidence):
    assert faults(evidence, "33%", "blog", "quoted") == []


def test_what_is_quoted_stands_in_a_figure_of_its_source(evidence):
    def misquoted(text, source):
        return fixed_sources.misquoted([Typed("docs/a.md", 3, text, "quoted", source)], evidence.root)

    assert misquoted("33%", "blog") == misquoted("35%", "of no source") == []
    (line,) = misquoted("35%", "blog")
    assert line.startswith("docs/a.md:3: '35%' is quoted from blog, and no figure of it in snippets/")
