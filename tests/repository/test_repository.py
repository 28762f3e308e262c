"""What no file of the repository may hold: a registry's host, a path of somebody's machine, an engine's source."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# In pieces, so that this file does not hold what it looks for.
HOSTS = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "deb." + "debian.org",
    "download.py" + "torch.org",
    "conda." + "anaconda.org",
    "registry.yarn" + "pkg.com",
]
PATHS = [rf"(?<![\w.$}}~/-])/{first}/[\w.-]+/?" for first in ("wo" + "rk", "ro" + "ot", "ho" + "me")]
PATHS += [r"/op" + r"t/(wheels|py" + "pi)"]
ENGINE_HEADERS = [
    "SPDX-FileCopyrightText: Copyright contributors to the " + "vLLM project",
    "Copyright 2023-2024 " + "SGLang Team",
]

BINARY = {".png", ".ico", ".woff2", ".gz", ".jpg", ".npz"}


def repository_files(root: Path = ROOT) -> list:
    """Committed files and new ones that git does not ignore, as paths from the root."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, capture_output=True, check=True
    )
    return [name for name in listing.stdout.decode().split("\0") if name and (root / name).is_file()]


def found(text: str, *, patterns: list) -> list:
    return [match.group(0) for pattern in patterns for match in re.finditer(pattern, text)]


def test_a_file_is_left_out_only_where_git_ignores_it(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for name in ("page.md", ".gpu-parts/part.md", "scratch/note.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    (tmp_path / ".git/info/exclude").write_text("scratch/\n")
    assert sorted(repository_files(tmp_path)) == [".gpu-parts/part.md", "page.md"]


@pytest.fixture(scope="module")
def texts() -> dict:
    texts = {}
    for name in repository_files():
        if Path(name).suffix not in BINARY:
            texts[name] = (ROOT / name).read_text(encoding="utf-8")
    assert len(texts) > 40
    return texts


def test_no_file_names_a_package_registry(texts):
    patterns = [re.escape(host) for host in HOSTS]
    assert {name: hits for name, text in texts.items() if (hits := found(text, patterns=patterns))} == {}


def test_no_file_holds_a_path_of_somebody_s_machine(texts):
    assert {name: hits for name, text in texts.items() if (hits := found(text, patterns=PATHS))} == {}


def test_records_hold_no_absolute_path(texts):
    records = {name: text for name, text in texts.items() if re.match(r"experiments/(records|claims)/.*\.json$", name)}
    absolute = [r'"/[A-Za-z][\w.-]*/[^"]*"', r"[ =]/(?:usr|tmp|home|root|opt|var|srv|mnt|data)/[^\s\"]+"]
    assert {name: hits for name, text in records.items() if (hits := found(text, patterns=absolute))} == {}


def test_no_engine_source_is_committed(texts):
    patterns = [re.escape(header) for header in ENGINE_HEADERS]
    assert {name: hits for name, text in texts.items() if (hits := found(text, patterns=patterns))} == {}


@pytest.mark.parametrize(
    ("patterns", "bad", "good"),
    [
        ([re.escape(host) for host in HOSTS], "https://" + "py" + "pi.org/simple", "the package index"),
        (PATHS, "cd /wo" + "rk/main", "a network/work/page"),
        (PATHS, "/ro" + "ot/.cache", "docs/root/page"),
        (PATHS, "'/ho" + "me/me/x'", "~/home/x"),
    ],
)
def test_what_is_looked_for_is_found(patterns, bad, good):
    assert found(bad, patterns=patterns)
    assert not found(good, patterns=patterns)


def test_site_assets_load_nothing_from_another_host(texts):
    """Styles, scripts, templates and configuration; the built pages are checked in the browser tests."""
    loads = [
        r"url\(\s*['\"]?(?:https?:)?//[^)]*",
        r"@import\s+['\"](?:https?:)?//\S*",
        r"\bfrom\s+['\"]https?://\S*",
        r"\bimport\(\s*['\"]https?://\S*",
        r"<(?:script|img|iframe|source)[^>]+src=['\"](?:https?:)?//[^'\"]*",
        r"<link[^>]+rel=['\"]?(?:stylesheet|preload|icon)[^>]+href=['\"](?:https?:)?//[^'\"]*",
        r"fetch\(\s*['\"](?:https?:)?//\S*",
    ]
    ours = {
        name: text
        for name, text in texts.items()
        if re.search(r"\.(css|js|html|svg|md|ipynb)$", name) and not name.startswith("tests/")
    }
    assert {name: hits for name, text in ours.items() if (hits := found(text, patterns=loads))} == {}
    config = texts.get("mkdocs.yml", "")
    extra = re.findall(r"(?ms)^extra_(?:css|javascript):\n((?:[ -].*\n)*)", config)
    assert not re.search(r"https?://", "".join(extra))


def test_workflows_pin_actions_and_ask_for_little(texts):
    workflows = {name: text for name, text in texts.items() if name.startswith(".github/workflows/")}
    assert len(workflows) == 3
    uses = [(name, use) for name, text in workflows.items() for use in re.findall(r"uses: (.+)", text)]
    assert len(uses) >= 10
    assert [use for use in uses if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use[1])] == []
    for name, text in workflows.items():
        assert re.search(r"(?m)^permissions:\n  contents: read\n(?! )", text), (
            f"{name}: default permissions are not contents: read"
        )
        assert "write-all" not in text
        jobs = len(re.findall(r"(?m)^    runs-on:", text))
        assert len(re.findall(r"(?m)^    timeout-minutes:", text)) == jobs


def test_python_is_clean(texts):
    done = subprocess.run(
        [ROOT / ".venv/bin/ruff", "check", "--quiet", "."], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
