"""Runs an experiment's notebook: as a script, cell by cell, to evaluate its claims; or by a kernel, to redraw it.

The pair is `experiments/NN_slug.py` (percent format, what people edit) and `experiments/NN_slug.ipynb` (with outputs).
"""

import contextlib
import io
import linecache
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from experiments.formats.whole_file import write_whole
from experiments.lab.analysis.claim_book import LENIENT, Book
from experiments.lab.errors import LabError, NotMeasured
from experiments.lab.host.config import ROOT

LIMIT_S = 300  # a cell


def script(experiment: str, root: Path = ROOT) -> Path:
    """The notebook's .py file. LabError for none or several."""
    found = sorted((root / "experiments").glob(f"{experiment}_*.py"))
    if len(found) != 1:
        raise LabError(f"experiments/{experiment}_*.py: {len(found)} files, one expected")
    return found[0]


def evaluate(experiment: str, mode: str, root: Path = ROOT, host: str | None = None, plan: str | None = None) -> Book:
    """Run the notebook's code cells in this process and return its Book. Nothing is printed. In modes local and host
    (which needs `host`, its id, and takes that host's records of `plan`, without one those of a large card), a cell
    that needs what was not measured is left out, and so are the cells that need that cell's names."""
    path, before = script(experiment, root), len(Book.opened)
    names = {"__name__": f"notebook_{experiment}", "__file__": str(path)}
    lacking = False
    with _environment(mode, root, host, plan), contextlib.redirect_stdout(io.StringIO()):
        for number, cell in enumerate(cells(path), 1):
            where = f"<{path.name} cell {number}>"
            linecache.cache[where] = (len(cell), None, cell.splitlines(keepends=True), where)  # for inspect.getsource
            try:
                exec(compile(cell, where, "exec"), names)
            except NotMeasured as error:
                if mode not in LENIENT:
                    raise LabError(f"{path.name}: {error}") from None
                lacking = True
            except LabError:
                raise
            except Exception as error:
                if lacking and isinstance(error, (NameError, KeyError)):
                    continue
                raise LabError(f"{path.name}, cell {number}: {type(error).__name__}: {error}") from error
    opened = [book for book in Book.opened[before:] if book.experiment == experiment]
    del Book.opened[before:]
    if len(opened) != 1 or not opened[0].finished:
        raise LabError(f"{path.name}: must open one Book({experiment!r}) and end with book.finish()")
    return opened[0]


def cells(path: Path) -> list:
    """The code cells of a percent script, as text."""
    import jupytext

    try:
        notebook = jupytext.read(path, fmt="py:percent")
    except Exception as error:
        raise LabError(f"{path.name}: cannot be read as a notebook ({error})") from None
    return [cell.source + "\n" for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def execute(experiment: str, root: Path = ROOT) -> Path:
    """Run the notebook by a fresh kernel on the reference records and write the .ipynb with its outputs, whole or
    not at all; its path. LabError names the cell that failed or took over the limit."""
    import jupytext
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    path = script(experiment, root)
    target = path.with_suffix(".ipynb")
    notebook = jupytext.read(path, fmt="py:percent")
    notebook.metadata["jupytext"] = {"formats": "ipynb,py:percent"}
    notebook.metadata.setdefault("kernelspec", {"display_name": "Python 3", "language": "python", "name": "python3"})
    client = NotebookClient(
        notebook, timeout=LIMIT_S, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    try:
        with _environment("reference", root):
            client.execute()
    except CellExecutionError as error:
        raise LabError(f"{path.name}: {error.ename}: {' '.join(error.evalue.split())}") from None
    except CellTimeoutError:
        raise LabError(
            f"{path.name}: a cell took over {LIMIT_S} s and was stopped; a notebook reads records, it does not measure"
        ) from None
    except DeadKernelError as error:
        raise LabError(f"{path.name}: its kernel died ({error}); is there memory left?") from None
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # random ones would change at every run
        cell.metadata.pop("execution", None)  # times of day
    notebook.metadata.pop("language_info", None)  # this machine's Python
    write_whole(target, (nbformat.writes(notebook) + "\n").encode())
    return target


@contextlib.contextmanager
def _environment(mode: str, root: Path, host: str | None = None, plan: str | None = None) -> Iterator[None]:
    """LAB_BOOK, LAB_HOST and LAB_PLAN, and the repository on the path of the code and of a kernel."""
    wanted = {
        "LAB_BOOK": mode,
        **({"LAB_HOST": host} if host else {}),
        "LAB_PLAN": plan or "",
        "PYTHONPATH": os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    before = {key: os.environ.get(key) for key in wanted}
    os.environ.update(wanted)
    added = str(root) not in sys.path
    if added:
        sys.path.insert(0, str(root))
    try:
        yield
    finally:
        if added:
            sys.path.remove(str(root))
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
