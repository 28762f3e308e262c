"""What `make play` hands from the lab to the page: a reader's requests, and what both engines' schedulers did.

One JSON file: {"format", "file" (as the reader named it), "workload" (requests and sizes as the workers got them),
"runs": [{"engine": {"name", "version"}, "ended", "replay"}]}, a run an engine. A replay is as a record has one.
Standard library only.
"""

from pathlib import Path

from experiments.formats import strict_json
from experiments.formats.strict_json import FormatError
from experiments.formats.whole_file import write_whole

FORMAT = 1
# How a run ends: every request did; none of those that are left gets a token any more; the steps were not enough.
FINISHED, STUCK, LIMIT = ENDS = ("finished", "stuck", "limit")
KEYS = ("file", "workload", "runs")


def write(path: Path, played: dict) -> None:
    """The file, whole or not at all. OSError where it cannot be."""
    write_whole(path, strict_json.write({"format": FORMAT, **played}))


def read(path: Path) -> dict:
    """What `write` wrote. FormatError for anything else, OSError where there is no such file."""
    try:
        played = strict_json.read(path.read_bytes())
    except FormatError:
        raise
    except ValueError as error:
        raise FormatError(f"is not JSON ({error})") from None
    if not isinstance(played, dict) or played.get("format") != FORMAT or any(key not in played for key in KEYS):
        raise FormatError(f"is no file of format {FORMAT} that `make play` wrote")
    for run in played["runs"]:
        if run.get("ended") not in ENDS:
            raise FormatError(f"says that a run ended {run.get('ended')!r}; known: {', '.join(ENDS)}")
    return played
