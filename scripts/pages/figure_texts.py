"""What each figure of an experiment shows, in words: the page that shows it says so, and its notebook repeats that."""

import json
import re
from pathlib import Path
from xml.dom import minidom  # what wrote the notebook's
from xml.parsers.expat import ExpatError

from scripts.common.errors import SiteError

CLAIMS, PAGES, FIGURES = "experiments/claims", "docs", "experiments/figures"
BLOCK = re.compile(r"^/{3,}[ ]*(claim|figure)[ ]*\|[ ]*([^\n]+?)[ ]*\n((?:[ ]{4}[^\n]*\n)*)", re.M)
ALT = re.compile(r"^[ ]{4}alt:[ ]*(.*?)[ ]*$", re.M)
_DRAWN = re.compile(r"^@book\.figure\(\s*[\"']([^\"']+)[\"']", re.M)
LEAST_WORDS = 6  # fewer name a figure, and do not say what is on it
_PLACEHOLDER = re.compile(r"^(?:figure|chart|picture|image|plot)\b[^.]{0,40}:", re.I)


def of_blocks(root: Path) -> dict[str, str]:
    """The words of each block that shows a figure, by the claim or the figure that it names."""
    text = "\n".join(file.read_text("utf-8") for file in sorted((root / PAGES).rglob("*.md")))
    return {name: alt[1] for _, name, options in BLOCK.findall(text) if (alt := ALT.search(options))}


def of_experiment(root: Path, number: str) -> dict[str, str]:
    """The words for each figure of that experiment that a page shows, by the figure's file name."""
    written = of_blocks(root)
    words = {name.partition("/")[2]: alt for name, alt in written.items() if name.startswith(f"{number}/")}
    file = root / CLAIMS / f"{number}.json"
    claims = json.loads(file.read_text("utf-8"))["claims"] if file.is_file() else []
    for claim in claims:
        if claim.get("figure") and claim["id"] in written:
            words.setdefault(claim["figure"].rpartition("/")[2], written[claim["id"]])
    return words


def drawn(notebook: Path) -> list[str]:
    """The figures that a notebook draws, by file name, in its order."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return [name for cell in cells if cell["cell_type"] == "code" for name in _DRAWN.findall("".join(cell["source"]))]


def of_notebook(notebook: Path, root: Path) -> tuple[str, ...]:
    """The words for each figure of a notebook, in its order; "" for one that no page shows."""
    words = of_experiment(root, notebook.name[:2])
    return tuple(words.get(name, "") for name in drawn(notebook))


def wrong(said: str) -> str:
    """What is wrong with the words for a figure, "" where nothing is."""
    if not said.strip():
        return "has no text for who does not see it"
    if _PLACEHOLDER.match(said) or len(said.split()) < LEAST_WORDS:
        return f"has '{said[:40]}', which does not say what it shows"
    return ""


def _outputs(outputs: list[dict]) -> list[str]:
    return ["".join(out["data"]["image/svg+xml"]) for out in outputs if "image/svg+xml" in out.get("data", {})]


def _as_shown(file: Path) -> str:
    """A figure's file as a notebook holds what it showed; "" for one that is no drawing."""
    try:
        return minidom.parse(str(file)).getElementsByTagName("svg")[0].toxml()
    except (ExpatError, IndexError):
        return ""


def check(notebook: Path, root: Path) -> int:
    """How many figures a notebook shows. Raises SiteError for one that is not told to who does not see it."""
    names, told = drawn(notebook), of_notebook(notebook, root)
    where = notebook.relative_to(root)
    outputs = [out for cell in json.loads(notebook.read_text("utf-8"))["cells"] for out in cell.get("outputs", ())]
    shown = sum("image/svg+xml" in out.get("data", {}) for out in outputs)
    if shown != len(names):
        raise SiteError(
            f"{where}: shows {shown} figures and draws {len(names)} by @book.figure; run the notebook again"
        )
    for name, text in zip(names, _outputs(outputs), strict=True):
        file = root / FIGURES / notebook.name[:2] / name
        if file.is_file() and text != _as_shown(file):
            raise SiteError(
                f"{where}: shows another {name} than {FIGURES}/{notebook.name[:2]}/{name}; restore the file and the "
                f"notebook, or make experiments EXP={notebook.name[:2]}"
            )
    faults = [
        f"{where}: figure {name} {fault}; give the '/// claim' that shows it 'alt:', what is drawn and what is seen"
        for name, said in zip(names, told, strict=True)
        if (fault := wrong(said))
    ]
    if faults:
        raise SiteError("\n".join(faults))
    return shown
