"""Which tests `make test` leaves to `make test-all`: the one place that says so.

The rule: what takes more than LIMIT_S, and what starts vLLM's server (marker `server`). Below that limit some of the
experiments are measured again in `make test`, so that every push still shows that records can be repeated; the others
are once a week.

Seconds are of one core, measured; tests that share a fixture stand together, for the first of them pays.
"""

import tomllib
from pathlib import Path

CAMPAIGN = Path(__file__).parent / "campaign"
LIMIT_S = 40
REMEASURED = "tests/lab/analysis/test_remeasured.py"


def _remeasured(experiment: str) -> tuple[str, str]:
    return (
        f"{REMEASURED}::test_counts_that_need_no_server[{experiment}]",
        f"{REMEASURED}::test_claims_that_need_no_server[{experiment}]",
    )


def _campaign(test: str, table: str) -> tuple[str, ...]:
    """The tests of a campaign: one for each entry of its list."""
    module, _, name = test.partition("::")
    listed = tomllib.loads((CAMPAIGN / f"{table}s.toml").read_text("utf-8"))[table]
    return tuple(f"tests/campaign/{module}::{name}[{each['id']}]" for each in listed)


# (tests, seconds)
LONG = [
    (_remeasured("02"), 56),
    (_remeasured("03"), 55),
    (_remeasured("04"), 106),
    (_remeasured("07"), 690),
    # Every page with axe; the other widths and schemes of the same visit stay.
    (("tests/browser/test_pages.py::test_every_page[1280-light]",), 58),
    (("tests/browser/test_pages.py::test_every_page[390-dark]",), 48),
    (
        (
            "tests/browser/test_lightened.py::test_every_element_looks_as_before[1280-light]",
            "tests/browser/test_lightened.py::test_every_element_looks_as_before[390-dark]",
        ),
        120,
    ),
    (_campaign("test_faults.py::test_a_fault", "fault"), 90),
    (_campaign("test_mutations.py::test_a_mutation_is_found", "mutation"), 600),
]
