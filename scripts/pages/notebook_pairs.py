"""Notebook pairs: `experiments/NN_slug.py` (percent) and `.ipynb` must say the same, cell by cell; outputs are free."""

from pathlib import Path

import jupytext

from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT


def pairs(root: Path = ROOT) -> list[tuple[Path, Path]]:
    """(.py, .ipynb) of every experiment. Raises SiteError for one half alone."""
    folder = root / "experiments"
    stems = sorted({file.stem for pattern in ("[0-9]*.py", "[0-9]*.ipynb") for file in folder.glob(pattern)})
    both = []
    for stem in stems:
        script, notebook = folder / f"{stem}.py", folder / f"{stem}.ipynb"
        for file, other in ((script, notebook), (notebook, script)):
            if not file.is_file():
                raise SiteError(
                    f"experiments/{file.name}: missing beside {other.name}; "
                    f"make it: jupytext --sync experiments/{other.name}"
                )
        both.append((script, notebook))
    return both


def check(script: Path, notebook: Path) -> None:
    """Raises SiteError naming the first cell in which the two differ."""
    where = f"experiments/{notebook.name}"
    remedy = f"jupytext --sync experiments/{script.name}"
    try:
        left, right = jupytext.read(script).cells, jupytext.read(notebook).cells
    except Exception as error:  # noqa: BLE001 - nbformat and jupytext raise whatever their parsers raise
        raise SiteError(
            f"{where}: cannot be read beside {script.name} ({str(error).splitlines()[0][:120]}); {remedy}"
        ) from None
    for number, (mine, other) in enumerate(zip(left, right), 1):  # noqa: B905 - the lengths are compared below
        if mine.cell_type != other.cell_type or mine.source.strip() != other.source.strip():
            line = next(iter((mine.source or other.source).strip().splitlines()), "")
            raise SiteError(f"{where}: cell {number} ({line[:50]!r}) differs from {script.name}; {remedy}")
    if len(left) != len(right):
        raise SiteError(f"{where}: has {len(right)} cells, {script.name} has {len(left)}; {remedy}")


def main() -> None:
    both = pairs()
    for script, notebook in both:
        check(script, notebook)
    print(f"{len(both)} notebook pairs agree")


if __name__ == "__main__":
    run_cli(main)
