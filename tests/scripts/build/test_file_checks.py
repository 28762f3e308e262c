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


def test_a_file_that_was_read_before_is_read_again_when_it_is_another_or_the_rules_are(tmp_path, monkeypatch):
    site = Site(tmp_path)
    site.write("experiments/more.py", "x = 1\n")
    site.write("docs/x.json", "{}")
    read = []
    real = file_checks._unreadable
    monkeypatch.setattr(file_checks, "_unreadable", lambda raw, name: read.append(name) or real(raw, name))

    def check() -> list[str]:
        read.clear()
        file_checks.check_files(LookedAt(tmp_path))
        return list(read)

    assert {"experiments/more.py", "docs/x.json"} <= set(check()) and check() == []
    site.write("docs/x.json", "[]")
    assert check() == ["docs/x.json"]
    site.write("docs/x.md", "x = 1\n")
    assert check() == ["docs/x.md"], "what one kind of file may hold, another may not"
    for damage in ("", "\xff\n", "x\n"):
        (tmp_path / ".cache/readable").write_text(damage, "latin-1")
        assert len(check()) > 2 and check() == []
    monkeypatch.setattr(file_checks.sys, "version", "4.0")
    assert len(check()) > 2


def test_one_that_cannot_be_read_is_told_each_time_until_it_is_mended(tmp_path):
    site = Site(tmp_path)
    name, (text, said) = "experiments/more.py", BROKEN["experiments/more.py"]
    site.write(name, "x = 1\n")
    file_checks.check_files(LookedAt(tmp_path))
    site.write(name, text)
    for _ in range(2):
        with pytest.raises(SiteError, match=said.replace("(", r"\(")):
            file_checks.check_files(LookedAt(tmp_path))
    site.write(name, "x = 1\n")
    file_checks.check_files(LookedAt(tmp_path))
