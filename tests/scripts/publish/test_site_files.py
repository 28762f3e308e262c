"""Names that change with what a file holds, and pages written only where a step changed them."""

import os

from scripts.publish import site_files


def test_a_name_has_the_digest_of_the_text():
    one, other = site_files.hashed("css/site.css", "a"), site_files.hashed("css/site.css", "b")
    assert one != other and one == site_files.hashed("css/site.css", "a")
    assert one.startswith("css/site.") and one.endswith(".css") and len(one) == len("css/site.12345678.css")


def test_only_changed_pages_are_written(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.html").write_text(name)
        os.utime(tmp_path / f"{name}.html", (1, 1))
    before = site_files.pages(tmp_path)
    site_files.write_changed(before, {file: text.replace("a", "c") for file, text in before.items()})
    assert [(tmp_path / f"{name}.html").read_text() for name in ("a", "b")] == ["c", "b"]
    assert (tmp_path / "b.html").stat().st_mtime == 1
