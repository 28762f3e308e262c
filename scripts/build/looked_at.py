"""What a run of `make verify` looks at: all of the site, or one post and its experiment."""

import functools
from pathlib import Path
from typing import Protocol

from scripts.call_paths.claimed_paths import CallPath, number_of
from scripts.catalog.site_data import Evidence
from scripts.common.errors import SiteError
from scripts.measured import claim_reader, record_reader


class Wrong(SiteError):
    """Several things wrong at once: one line each."""

    def __init__(self, lines: list[str]):
        super().__init__("\n".join(lines))


class Reevaluation(Protocol):
    """What evaluates the claims beside the checks."""

    def outcome(self) -> tuple[list[str], str]: ...

    def end(self) -> None: ...


class LookedAt(Evidence):
    """The evidence of the site at `root`; with `post`, a number such as "02", only the records and call paths of that
    post's experiment. Raises SiteError for a number that no post has."""

    def __init__(self, root: Path, post: str | None = None):
        super().__init__(root)
        self.post = post
        self.broken: set[str] = set()  # files that cannot be read, once check_files has looked
        self.lab: Reevaluation | None = None  # running, where there are claims to evaluate
        known = [path.name[:2] for path in sorted((root / "docs/posts").glob("[0-9][0-9]-*.md"))]
        if post is not None and post not in known:
            raise SiteError(f"POST={post}: no post has that number; one of {', '.join(known)}")

    def holds(self, file: str) -> bool:
        """Whether a page, manifest, notebook or claims file is looked at: that of a post begins with its number."""
        return self.post is None or Path(file).name.startswith((f"{self.post}-", f"{self.post}_", f"{self.post}."))

    @functools.cached_property
    def records(self) -> list:
        return record_reader.load_all(self.root, self.versions, self.post)

    def record(self, name: str) -> record_reader.Record:
        """A post may set a run of another experiment beside one of its own: of that, the one record is read."""
        path = self.root / record_reader.FOLDER / f"{name}.json"
        if self.post is None or name.startswith(f"{self.post}/") or not path.is_file():
            return super().record(name)
        return record_reader.load(path, self.root, self.versions)

    @functools.cached_property
    def claims(self) -> dict:
        """A post may refer to claims of other experiments; the records of those are compared by digest alone."""
        return claim_reader.load_all(self.root, None if self.post else self.records)

    @functools.cached_property
    def paths(self) -> dict[str, CallPath]:
        return {name: path for name, path in super().paths.items() if self.post in (None, number_of(path))}
