"""A notebook types no number that was measured: in titles and between cells stand bounds, loads and quoted figures."""

import pytest

from scripts.catalog import notebook_numbers
from scripts.catalog.site_data import Evidence
from tests.scripts.fixtures.small_site import Site, base_record

NOTEBOOK = """# %% [markdown]
# # A notebook
#
# {text}

# %%
# a comment of 4 ms
x = 1

# %% [markdown]
# The end.
"""


def faults(tmp_path, text="Words.", title="Waiting dominates"):
    site = Site(tmp_path)
    record = base_record("ttft") | {"workload": {"seed": 1, "prompt_tokens": 1024}}
    rests = {"path": "experiments/records/01/ttft.json", "sha256": site.digest(site.save_record("ttft", record))}
    test = {"test": {"is": "below", "limit": 1.05, "of": ["share"]}}
    site.save_claims([site.changed_claim(title=title, predicate=test, records=[rests])])
    site.write("experiments/01_x.py", NOTEBOOK.format(text=text) + f"\n# %%\ntitle = '{title}'\n")
    return notebook_numbers.faults(Evidence(tmp_path), {"01"})


@pytest.mark.parametrize("text", ["within 5%", "prompts of 1,024 tokens", "theirs was 33%", "`4 ms`", "ten times"])
def test_bounds_loads_and_published_figures_pass(tmp_path, text):
    assert faults(tmp_path, text)[1] == faults(tmp_path / "title", title=text)[1] == []


MEASURED = ("it wastes 2.04% here", "in 12 ms", "of 2,048 tokens", "is twice as fast", "1,024 ms")


@pytest.mark.parametrize("text", MEASURED)
def test_what_was_measured_is_named_with_its_line(tmp_path, text):
    (count, (line,)) = faults(tmp_path, text)
    assert count == 1 and line.startswith("experiments/01_x.py:4: types ") and "say it in a claim's sentence" in line
    (line,) = faults(tmp_path / "title", title=text)[1]
    assert line.startswith("experiments/01_x.py:14: types ")


def test_of_another_experiment_nothing_is_said(tmp_path):
    faults(tmp_path, "in 12 ms")
    assert notebook_numbers.faults(Evidence(tmp_path), {"02"}) == (0, [])
