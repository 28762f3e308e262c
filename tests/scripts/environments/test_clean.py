"""`make clean` beside links: what they point to is somebody else's."""

from scripts.environments import clean


def test_a_link_is_removed_and_what_it_points_to_stays(tmp_path, capsys):
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_bytes(b"x" * 2_000_000)
    root.mkdir()
    (root / ".venv").symlink_to(elsewhere)
    (root / ".cache").symlink_to(tmp_path / "nowhere")
    assert clean.clean(root) == 0
    assert list(root.iterdir()) == [] and (elsewhere / "kept").stat().st_size == 2_000_000
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["removing", ".venv/"], ["removing", ".cache/"], ["freed", "0"]]
    assert all("a link; what it points to stays" in line for line in lines[:2])
