"""Every file of text can be read; what cannot is named with its line, before anything is made of it."""

import pytest

from scripts.build import file_checks
from scripts.build.looked_at import LookedAt
from scripts.common.errors import SiteError
from tests.scripts.fixtures.small_site import Site

BROKEN = {
    "snippets/more.toml": ("a = 1\nb = \n", "snippets/more.toml: not TOML (Invalid value (at line 2, column 5))"),
    "snippets/more.json": ('{"a": 1,\n}', "snippets/more.json: not JSON ("),
    "experiments/more.py": ("x = 1\nif :\n", "experiments/more.py:2: not Python ("),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_named_with_its_line(tmp_path, name):
    site = Site(tmp_path)
    text, said = BROKEN[name]
    site.write(name, text)
    with pytest.raises(SiteError) as caught:
        file_checks.check_files(LookedAt(tmp_path))
    assert str(caught.value).startswith(said) and "\n" not in str(caught.value)


def test_text_is_utf_8(tmp_path):
    site = Site(tmp_path)
    (site.root / "docs/a.md").write_bytes(b"one\ntwo \xe9\n")
    with pytest.raises(SiteError, match="^docs/a.md:2: byte 0xe9 is not UTF-8; save the file as UTF-8"):
        file_checks.check_files(LookedAt(tmp_path))


def test_no_page_is_made_of_a_merge_or_of_an_edited_record(tmp_path):
    site = Site(tmp_path)
    file_checks.publishable(tmp_path)
    site.write("docs/a.md", "=======\n")
    site.record.write_text(site.record.read_text() + " ")
    with pytest.raises(SiteError) as caught:
        file_checks.publishable(tmp_path)
    first, second = str(caught.value).splitlines()
    assert first.startswith("docs/a.md:1: merge marker") and "ttft.json: was edited" in second
