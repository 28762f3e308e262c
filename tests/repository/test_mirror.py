"""`tests/` mirrors what it tests, and no module is long: what CONTRIBUTING says of both is so."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MIRRORED = {"scripts": "tests/scripts", "experiments/formats": "tests/formats", "experiments/lab": "tests/lab"}
ELSEWHERE = tomllib.loads((ROOT / "tests/repository/covered_elsewhere.toml").read_text())
MOST_LINES = 250
# Modules that are longer, and why.
LONG: dict[str, str] = {}


def modules(root: Path = ROOT) -> list[str]:
    """Every module of the site's tools and of the lab, from the root."""
    paths = [path for top in MIRRORED for path in (root / top).rglob("*.py") if path.name != "__init__.py"]
    return sorted(path.relative_to(root).as_posix() for path in paths)


def own_tests(module: str) -> list[str]:
    """Where a module's tests may be: in the folder that mirrors its own, or in one above it, but in its package."""
    top = next(top for top in MIRRORED if module.startswith(f"{top}/"))
    path = Path(module).relative_to(top)
    folders = [path.parent, *path.parent.parents][: max(len(path.parts) - 1, 1)]
    name = f"test_{path.stem.strip('_')}.py"
    return [f"{MIRRORED[top]}/{folder / name}" for folder in folders]


def has_own_tests(module: str) -> bool:
    return any((ROOT / test).is_file() for test in own_tests(module))


def test_every_module_has_tests_of_its_name_or_is_named_by_what_covers_it():
    known = modules()
    assert len(known) > 150
    covered = {module for several in ELSEWHERE.values() for module in several}
    untested = [module for module in known if module not in covered and not has_own_tests(module)]
    assert [f"{name}: write {own_tests(name)[0]}, or name it in covered_elsewhere.toml" for name in untested] == []


def test_the_table_of_exceptions_is_true():
    listed = [module for several in ELSEWHERE.values() for module in several]
    assert [name for name in [*ELSEWHERE, *listed] if not (ROOT / name).is_file()] == []
    assert [module for module in listed if has_own_tests(module)] == []
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize(
    ("module", "first", "last"),
    [
        (
            "scripts/render/blocks/claim.py",
            "tests/scripts/render/blocks/test_claim.py",
            "tests/scripts/render/test_claim.py",
        ),
        ("experiments/lab/__main__.py", "tests/lab/test_main.py", "tests/lab/test_main.py"),
        ("experiments/lab/host/config.py", "tests/lab/host/test_config.py", "tests/lab/host/test_config.py"),
    ],
)
def test_where_tests_are_looked_for(module, first, last):
    assert (own_tests(module)[0], own_tests(module)[-1]) == (first, last)


def test_no_module_is_longer_than_it_may_be():
    lines = {name: len((ROOT / name).read_text().splitlines()) for name in modules()}
    longer = {name for name, count in lines.items() if count > MOST_LINES}
    assert longer - set(LONG) == set()
    assert set(LONG) - longer == set(), "no longer too long, or gone: take it out of the list"
