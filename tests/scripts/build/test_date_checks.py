"""Dates lie in the past, a source's is that of its address, and no other tool's lock file is here."""

import datetime

import pytest

from scripts.build import date_checks
from scripts.build.looked_at import LookedAt
from scripts.common.errors import SiteError
from tests.scripts.fixtures.small_site import FAMOUS, PAGE, Site

TODAY = datetime.date(2026, 11, 30)


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def found(site):
    with pytest.raises(SiteError) as caught:
        date_checks.check_dates(LookedAt(site.root), TODAY)
    return str(caught.value)


@pytest.mark.parametrize("date", ["2026-12-24", "2062-11-30", "2026-11-31"])
def test_what_is_not_past_is_named_with_its_line(site, date):
    site.write("docs/posts/01-one-request.md", PAGE.replace("None yet.", f"- **{date}.** It was said."))
    line = found(site)
    at = PAGE[: PAGE.find("None yet.")].count("\n") + 1
    assert line.startswith(f"docs/posts/01-one-request.md:{at}: {date}: ") and "\n" not in line


def test_the_day_before_and_a_day_ahead_pass(site):
    for date in ("2026-11-29", "2026-12-01"):
        site.write("docs/posts/01-one-request.md", PAGE.replace("None yet.", f"- **{date}.** It was said."))
        assert date_checks.check_dates(LookedAt(site.root), TODAY)[0] == 5


def test_a_source_has_the_date_of_its_address(site):
    address = FAMOUS.replace("https://example.org/blog", "https://example.org/2024/05/07/blog.html")
    site.write("snippets/famous.toml", address)
    date_checks.check_dates(LookedAt(site.root), TODAY)
    site.write("snippets/famous.toml", address.replace('date = "2024-05"', 'date = "2025-05-07"'))
    assert "source 'blog': date 2025-05-07, and its address says 2024-05-07" in found(site)
    site.write("snippets/famous.toml", FAMOUS.replace('date = "2024-05"', 'date = "2042-05"'))
    assert "source 'blog': 2042-05: lies in the future" in found(site)


LOCKS = ("uv.lock", "pylock.dev.toml", "requirements/poetry.lock", "Pipfile.lock", "package-lock.json")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_with_addresses_is_named(site, name):
    assert date_checks.lock_files(site.root) == []
    site.write(name, "")
    (line,) = date_checks.lock_files(site.root)
    assert line.startswith(f"{name}: a lock file with an index's addresses; remove it")
