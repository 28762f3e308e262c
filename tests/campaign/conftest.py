"""What a campaign came to, at the end of a run: a line for each mutation and each fault, and how many there were."""

from collections.abc import Iterator

WIDTH = 200


def pytest_terminal_summary(terminalreporter) -> None:
    for line in table(terminalreporter.stats):
        terminalreporter.write_line(line)


def table(stats: dict) -> list[str]:
    """Lines for people; the last of a kind has the count."""
    mutations = [*_rows(stats, "test_a_mutation_is_found", "mutation")]
    faults = [*_rows(stats, "test_a_fault", "fault")]
    lines = [_line("found" if good else "MISSED", name, has) for name, good, has in mutations]
    if mutations:
        lines.append(f"mutations found: {sum(good for _, good, _ in mutations)} of {len(mutations)}")
    lines += [_line("survived" if good else "FAILED", name, has) for name, good, has in faults]
    if faults:
        lost = sum(has.get("lost", 0) for _, _, has in faults)
        lines.append(
            f"faults survived: {sum(good for _, good, _ in faults)} of {len(faults)}, measurements lost: {lost}"
        )
    return lines


def _rows(stats: dict, test: str, kind: str) -> Iterator[tuple[str, bool, dict]]:
    """(id, whether it was as it should be, what the test noted) of each that was run; a set-up that failed is one."""
    for outcome in ("passed", "xfailed", "failed", "error"):
        for report in stats.get(outcome, ()):
            name = getattr(report, "nodeid", "").partition(f"::{test}[")[2].rstrip("]")
            if name and (report.when == "call" or outcome == "error"):
                yield name, outcome == "passed", {"what": "", **dict(report.user_properties), "kind": kind}


def _line(word: str, name: str, has: dict) -> str:
    did, said = has.get(has["kind"], ""), has.get("said", "")
    return f"{word:8} {name}: {did}" + (f"\n         {said[:WIDTH]}" if said else "")
