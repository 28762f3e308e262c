"""The page of symptoms without a script; tests/browser/test_search.py asks the search for them."""

import pytest

pytestmark = pytest.mark.browser


def test_every_entry_is_there_without_javascript(full_url, open_page):
    page = open_page(f"{full_url}symptoms/", 390, java_script_enabled=False)
    entries = page.locator("section.symptom")
    assert entries.count() >= 22
    assert page.locator(".symptoms-list a").count() == entries.count()
    first = page.locator("details.fold").first
    first.locator("summary").click()
    assert first.get_attribute("open") is not None
