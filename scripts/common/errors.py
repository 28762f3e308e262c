"""The one way a command of this repository fails: a line that says what is wrong and what to do."""

import os
import select
import sys
from collections.abc import Callable


class SiteError(Exception):
    """Bad input or a failed step. Its text is one line: file, id, what is wrong, what to do."""


def run_cli(main: Callable[[], int | None]) -> None:
    """Runs `main()` as a command: a SiteError becomes its line on stderr and exit status 1.

    `main` may return an exit status; None counts as 0. An interrupt exits with 130 and output that nobody reads any
    more, as behind `| head`, with 141, as a shell expects.
    """
    try:
        status = main() or 0
        sys.stdout.flush()
        sys.exit(status)
    except BrokenPipeError:
        if not _unread(sys.stdout.fileno()):
            raise  # another pipe than the output's
        # What is left would be written, and fail again, as Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except SiteError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        sys.exit(130)


def _unread(descriptor: int) -> bool:
    """Whether it writes into a pipe whose reader has left."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
