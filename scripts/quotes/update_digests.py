"""Writes digests: `python -m scripts.quotes.update_digests [--post 01] [--yes]`, or `make pin`.

Fills in the sha256 of a pin that has none, then goes through the excerpts. A missing digest is written; one that
differs is shown, old text beside new, and replaced only when you say so.
"""

import argparse
import difflib
import hashlib
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import tomlkit

from experiments.formats.whole_file import write_whole
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.quotes import manifest as manifests
from scripts.quotes.excerpts import Resolved, Resolver, digest_of, remember, text_cache
from scripts.sources import pins as pinning
from scripts.sources import unpacked_sources
from scripts.sources.pins import Pin

Approve = Callable[[list[str] | None, Resolved], bool]


def write_toml(path: Path, document: tomlkit.TOMLDocument) -> None:
    """Replaces a TOML file, comments and layout kept, whole or not at all."""
    write_whole(path, tomlkit.dumps(document))


def pin_artifacts(root: Path = ROOT, approve: Callable[[Pin, str], bool] | None = None) -> int:
    """Writes sha256, bytes and unpacked_bytes of every pin whose sha256 is empty; returns how many.

    `approve(pin, digest)` may refuse: what is written here is what every later fetch is compared with.
    """
    path, written = root / pinning.FILE, 0
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    for engine, pin in pinning.load(root).items():
        if pin.sha256:
            continue
        from scripts.sources import fetch

        with tempfile.TemporaryDirectory() as folder:
            artifact = Path(folder) / pin.artifact
            fetch.fetch(pin, artifact)
            digest, size = hashlib.sha256(artifact.read_bytes()).hexdigest(), artifact.stat().st_size
            unpacked_sources.unpack(pin, artifact, Path(folder) / "sources")
            unpacked = sum(file.stat().st_size for file in (Path(folder) / "sources").rglob("*.py"))
        print(f"{pin.artifact}: sha256 {digest}, {size} bytes")
        if approve and not approve(pin, digest):
            raise SiteError(f"{pinning.FILE}: [{engine}]: nothing written; answer 'y' to pin that file")
        document[engine].update({"bytes": size, "unpacked_bytes": unpacked, "sha256": digest})
        written += 1
    if written:
        write_toml(path, document)
    return written


def pin_excerpts(
    post: str, root: Path = ROOT, resolver: Resolver | None = None, approve: Approve | None = None
) -> tuple[int, int]:
    """Writes the digests of one manifest. Returns (written, refused).

    `approve(old, new)` is asked with `new` a Resolved and `old` its former lines, or None where they are unknown,
    before a digest is replaced. Every excerpt is resolved before anything is written.
    """
    resolver = resolver or Resolver(root=root)
    manifest = manifests.load(post, root)
    path = root / manifest.file
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    excerpts = [resolver.resolve(excerpt) for excerpt in manifest.excerpts.values()]
    written = refused = 0
    for resolved, table in zip(excerpts, document.get("excerpt", []), strict=True):
        old = resolved.excerpt.digest
        if old == resolved.digest:
            remember(resolved, root)
            continue
        if old and approve and not approve(old_lines(resolved, root), resolved):
            refused += 1
            continue
        table["digest"] = resolved.digest  # tomlkit puts it above the notes, where it is still the excerpt's own
        remember(resolved, root)
        written += 1
    if written:
        write_toml(path, document)
    return written, refused


def old_lines(resolved: Resolved, root: Path = ROOT) -> list[str] | None:
    """The text that an excerpt's stored digest stood for, or None.

    From the cache of texts seen here; else quoted again from the pin and manifest of the last commit.
    """
    digest = resolved.excerpt.digest
    cached = text_cache(digest, root)
    if cached.is_file():
        lines = cached.read_text(encoding="utf-8").split("\n")[:-1]
        if digest_of(lines) == digest:
            return lines
    try:
        before = pinning.parse(_committed(pinning.FILE, root))
        manifest = manifests.parse(_committed(resolved.excerpt.file, root), resolved.excerpt.file)
        former = Resolver(unpacked_sources.Sources(before, root)).resolve(manifest.excerpts[resolved.excerpt.id])
    except (SiteError, KeyError, OSError, subprocess.CalledProcessError):
        return None
    return list(former.lines) if former.digest == digest else None


def _committed(file: str, root: Path) -> str:
    done = subprocess.run(["git", "show", f"HEAD:{file}"], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout


def side_by_side(old: list[str], new: list[str], width: int = 0) -> str:
    """Old and new text in two columns, `|` between lines that changed, `<` and `>` beside lines on one side only.

    `width` is the terminal's, in characters; 0 asks it. Unchanged stretches are cut to three lines.
    """
    width = width or shutil.get_terminal_size((160, 24)).columns
    column = max(20, (width - 3) // 2)
    old, new = _dedent(old), _dedent(new)
    rows: list[str] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            same = [f"{line[:column]:{column}}   {line[:column]}".rstrip() for line in old[a:b]]
            rows += same if len(same) <= 8 else [*same[:3], f"... {len(same) - 6} lines alike ...", *same[-3:]]
            continue
        for index in range(max(b - a, d - c)):
            left = old[a + index] if a + index < b else None
            right = new[c + index] if c + index < d else None
            sign = "<" if right is None else ">" if left is None else "|"
            for part_l, part_r in _wrapped(left or "", right or "", column):
                rows.append(f"{part_l:{column}} {sign} {part_r}".rstrip())
    return "\n".join(rows)


def _dedent(lines: list[str]) -> list[str]:
    return textwrap.dedent("\n".join(lines)).expandtabs(4).split("\n")


def _wrapped(left: str, right: str, column: int) -> Iterator[tuple[str, str]]:
    """Pairs of pieces at most `column` wide: a changed line is shown whole."""
    for start in range(0, max(len(left), len(right), 1), column):
        yield left[start : start + column], right[start : start + column]


def show(old: list[str] | None, new: Resolved) -> None:
    """Prints what changes behind an excerpt's digest."""
    print(f"\n{new.excerpt.where}: {new.excerpt.path}:{new.first}-{new.last}, {new.pin.tag}")
    if old is None:
        print("  the old text is neither cached nor in the last commit; the new one:")
        print(textwrap.indent("\n".join(_dedent(list(new.lines))), "  "))
    else:
        print(side_by_side(old, list(new.lines)))


def ask(question: str) -> bool:
    """A yes or no from the terminal; no when nobody is there to answer."""
    if not sys.stdin.isatty():
        print(f"{question} no terminal to answer: no (--yes says yes to all)")
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.quotes.update_digests", description="write digests of pins and excerpts"
    )
    parser.add_argument("--post", default="", help="only the posts whose file name starts so, such as 01")
    parser.add_argument("--yes", action="store_true", help="replace every digest that differs, after showing it")
    arguments = parser.parse_args()

    def approve(old: list[str] | None, new: Resolved) -> bool:
        show(old, new)
        return arguments.yes or ask(f"Replace the digest of '{new.excerpt.id}'?")

    pin_artifacts(approve=lambda pin, digest: arguments.yes or ask(f"Pin {pin.artifact} to that sha256?"))
    posts = [post for post in manifests.load_all() if post.startswith(arguments.post)]
    if not posts:
        raise SiteError(
            f"{manifests.FOLDER}: no manifest starts with '{arguments.post}'; write {manifests.FOLDER}/NN-slug.toml"
        )
    resolver, refused = Resolver(), 0
    for post in posts:
        wrote, kept = pin_excerpts(post, resolver=resolver, approve=approve)
        refused += kept
        print(f"{manifests.file_of(post)}: {wrote} digests written, {kept} kept as they were")
    return 1 if refused else 0


if __name__ == "__main__":
    run_cli(main)
