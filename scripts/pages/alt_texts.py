"""The figure that each alternative text was written for: snippets/alt-texts.toml has a digest of the two.

    python -m scripts.pages.alt_texts                    which texts are not the ones of their figures
    python -m scripts.pages.alt_texts ID ...             these were read beside their figures: keep the digests
"""

import argparse
import json
from pathlib import Path

from experiments.formats import record_format
from experiments.formats.whole_file import write_whole
from scripts.common import toml_tables
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.pages.figure_texts import ALT, BLOCK, CLAIMS, FIGURES, PAGES

FILE = "snippets/alt-texts.toml"
_HEAD = """\
# The figure that each alternative text was written for: a digest of the figure and one of the text, by the claim or
# figure whose block has it. `python -m scripts.pages.alt_texts ID` writes one, for who has read both side by side.
# Those of 2026-11-30 say which figure each text stood beside then, and not that somebody compared them.
"""


def written(root: Path = ROOT) -> dict[str, tuple[str, str]]:
    """By the block's argument: (where its text stands, digests of its figure and its text)."""
    figures: dict[str, str] = {}
    for file in sorted((root / CLAIMS).glob("[0-9][0-9].json")):
        claims = json.loads(file.read_text("utf-8"))["claims"]
        figures |= {claim["id"]: claim["figure"].removeprefix("figures/") for claim in claims if claim.get("figure")}
    found = {}
    for page in sorted((root / PAGES).rglob("*.md")):
        text = page.read_text("utf-8")
        for block in BLOCK.finditer(text):
            alt, name = ALT.search(block[3]), figures.get(block[2]) or str(block[2])
            if alt and (root / FIGURES / name).is_file():
                line = text.count("\n", 0, block.start(3) + alt.start()) + 1
                digests = f"{_short((root / FIGURES / name).read_bytes())}-{_short(' '.join(alt[1].split()).encode())}"
                found[block[2]] = (f"{page.relative_to(root).as_posix()}:{line}", digests)
    return found


def faults(root: Path = ROOT) -> list[str]:
    """A line for each text whose figure, or which itself, is another than when both were read together."""
    kept, lines = _kept(root), []
    for name, (where, now) in written(root).items():
        before = kept.get(name, "")
        if now != before:
            figure, _, text = before.partition("-")
            what = "has no digest yet" if not before else "is another than was written for it"
            if before and text == now.partition("-")[2]:
                what = f"was written for another drawing of it ({figure})"
            lines.append(
                f"{where}: alt text of {name}: {what}; read both, then: python -m scripts.pages.alt_texts {name}"
            )
    return lines


def keep(names: list[str], root: Path = ROOT) -> None:
    """Keeps that these texts are of their figures, and forgets those that are gone. SiteError for another name."""
    now = written(root)
    if unknown := sorted(set(names) - set(now)):
        raise SiteError(f"alt_texts: no alt text is of {unknown[0]}; there are {', '.join(sorted(now))}")
    kept = {name: digests for name, digests in _kept(root).items() if name in now}
    kept |= {name: now[name][1] for name in names}
    rows = "".join(f'"{name}" = "{digests}"\n' for name, digests in sorted(kept.items()))
    write_whole(root / FILE, _HEAD + rows)


def _kept(root: Path) -> dict[str, str]:
    file = root / FILE
    return toml_tables.parse(file.read_text("utf-8"), FILE) if file.is_file() else {}


def _short(data: bytes) -> str:
    return record_format.sha256(data)[:12]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.pages.alt_texts", description="alt texts of figures")
    parser.add_argument("names", nargs="*", metavar="ID", help="a claim or a figure such as 01/load.svg")
    names = parser.parse_args().names
    if names:
        keep(names)
    if wrong := faults():
        raise SiteError("\n".join(wrong))
    print(f"{len(written())} alt texts are those of their figures")


if __name__ == "__main__":
    run_cli(main)
