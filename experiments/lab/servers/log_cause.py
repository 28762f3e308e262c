"""Finds in an engine's log the line that says why it ended, and beside it what no log can say."""

import re
import shutil
from pathlib import Path

# A cause, where a log has several candidate lines: the first pattern that matches any line wins.
CAUSES = (
    r"CUDA out of memory|OutOfMemoryError|No available memory for the cache blocks|Not enough memory",
    r"[Aa]ddress already in use",
    r"Free memory on device",  # not the option's name: engines print all their options
    r"unrecognized arguments|error: argument",
    r"(ModuleNotFoundError|ImportError): ",
    r"^[\w.]*(Error|Exception)\b",
    r"\b[A-Z]\w*Error\b",
    r"\b(died|exited|terminated) unexpectedly|\bscheduler (died|is dead)\b",  # a process of the engine was killed
)
# Lines that follow from a cause, or warn of one that never came: told only where there is no other.
FOLLOWS = r"EngineDeadError|See (root cause|stack trace)|\bWARNING\b"
LITTLE = 1 << 20  # bytes left on a disk: an engine that dies with less may have died of it

TELLS = r"\b(ERROR|FATAL|CRITICAL|Traceback|Killed|Segmentation fault)\b"


def cause(log: str, guess: bool = True) -> str:
    """The likeliest line, at most 300 characters; without `guess`, the last one."""
    lines = [line.strip() for line in log.splitlines() if line.strip() and not line.startswith("lab: ")]
    first = [line for line in lines if not re.search(FOLLOWS, line)]
    for candidates in (first, lines) if guess else ():
        for pattern in CAUSES:
            hits = [line for line in candidates if re.search(pattern, _bare(line))]
            if hits:
                return _bare(hits[-1])[:300]
    return lines[-1][:300] if lines else "its log is empty"


def last_errors(log: str, most: int = 5) -> list[str]:
    """The last lines that tell of an error, oldest first, at most 200 characters each; none alike, and none where no
    line does."""
    lines = [_bare(line.strip())[:200] for line in log.splitlines() if not line.startswith("lab: ")]
    told = [line for line in lines if any(re.search(pattern, line) for pattern in (*CAUSES, TELLS))]
    return list(dict.fromkeys(reversed(told)))[:most][::-1]


def told_last(log: str) -> str:
    """The same as the rest of a sentence, or ""."""
    lines = last_errors(log)
    return f"; its last errors: {' | '.join(lines)}" if lines else ""


def full_disk(folder: Path) -> str:
    """What to say beside an engine's end where the disk of the folder is full, else ""."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return ""
    return "; the disk is full, so that the log may lack why: make room" if free < LITTLE else ""


def _bare(line: str) -> str:
    """A log line without colour codes and the process prefix that vLLM puts before it."""
    return re.sub(r"^\([^)]*pid=\d+\)\s*", "", re.sub(r"\x1b\[[0-9;]*m", "", line))
