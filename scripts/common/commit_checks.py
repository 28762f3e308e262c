"""`python -m scripts.common.commit_checks toml|size FILE...`: what a commit hook asks of the files it is given."""

import sys
import tomllib
from pathlib import Path

from scripts.common.errors import SiteError, run_cli

LIMIT = 1_000_000  # bytes; a record with its columns may have no more either


def readable_toml(file: Path) -> None:
    """Raises SiteError for a file that is not TOML."""
    try:
        tomllib.loads(file.read_text("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SiteError(f"{file}: not TOML ({error}); correct that line") from None


def small_enough(file: Path) -> None:
    """Raises SiteError for a file of more than LIMIT bytes."""
    if (size := file.stat().st_size) > LIMIT:
        raise SiteError(f"{file}: {size:,} bytes, at most {LIMIT:,}; keep fewer samples, or leave it out of git")


CHECKS = {"toml": readable_toml, "size": small_enough}


def main() -> None:
    name, *files = sys.argv[1:] or [""]
    if name not in CHECKS:
        raise SiteError(f"commit_checks: no check '{name}'; there are {', '.join(CHECKS)}")
    for file in files:
        CHECKS[name](Path(file))


if __name__ == "__main__":
    run_cli(main)
