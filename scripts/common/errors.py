"""The one way a command of this repository fails: a line that says what is wrong and what to do."""

import sys
from collections.abc import Callable


class SiteError(Exception):
    """Bad input or a failed step. Its text is one line: file, id, what is wrong, what to do."""


def run_cli(main: Callable[[], int | None]) -> None:
    """Runs `main()` as a command: a SiteError becomes its line on stderr and exit status 1.

    `main` may return an exit status; None counts as 0. An interrupt exits with 130, as a shell expects.
    """
    try:
        sys.exit(main() or 0)
    except SiteError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        sys.exit(130)
