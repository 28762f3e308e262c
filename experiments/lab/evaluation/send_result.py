"""`lab send`: packs what was measured here of one experiment into one file that can be imported, and sums it up.

A record is never edited: one that may not be sent as it is, is named, and nothing is packed.
"""

import argparse
import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from experiments.formats import value_format
from experiments.formats.whole_file import write_whole
from experiments.lab.analysis import notebook_runner
from experiments.lab.errors import LabError
from experiments.lab.evaluation.committed_claims import Claim, reference_claims
from experiments.lab.host import config, machine_words
from experiments.lab.host.config import Settings
from experiments.lab.records import further_host, sent_file
from experiments.lab.records.record_file import Record, portable

FORM = "Measured on my machine"  # of .github/ISSUE_TEMPLATE/measured.yml
HANDLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}")


def send_command(options: argparse.Namespace, found: Settings) -> int:
    """Pack, print the summary, and say what to do with the file."""
    file, summary = send(options.exp, options.out, options.by, options.allow or [])
    print(summary)
    print(
        f"{portable(str(file))}: {file.stat().st_size:,} bytes. To send it, open an issue of the form {FORM!r} in the "
        "site's repository, paste the text above into it, and attach the file."
    )
    return 0


def send(
    experiment: str, out: Path | None = None, by: str | None = None, allow: list[str] | None = None
) -> tuple[Path, str]:
    """(file, summary in Markdown) of the records in experiments/local. `by`: a handle for the page of hosts; `allow`:
    words that are looked for as names of this machine and are none. LabError, and no file, for what may not be sent."""
    if by is not None and not HANDLE.fullmatch(by):
        raise LabError(f"--by {by}: is no handle; letters, digits and hyphens, at most 39")
    folder = config.ROOT / config.LOCAL / experiment
    paths = measurements(folder, experiment)
    try:
        records = further_host.checked(folder, experiment, config.ROOT, paths)
    except LabError as error:
        raise LabError(f"{config.LOCAL}/{experiment}: {error} (make experiments EXP={experiment})") from None
    _of_one_plan(records)
    _without_names(records, allow or [])
    claims, left_out = evaluated(experiment, folder, records)
    said = further_host.said(records)
    if not claims:
        why = next(iter(left_out.values()), "the notebook has no claim")
        raise LabError(f"experiment {experiment}: none of its claims can be evaluated from these records ({why})")
    manifest = {"schema": "sent/1", **said, "by": by, "missing": left_out}
    summary = summarized(manifest, len(records), reference_claims(experiment), claims)
    names = further_host.files_of(records)
    files = {f"{experiment}/{name}": (folder / name).read_bytes() for name in names}
    name, packed = sent_file.pack(manifest, summary, files)
    target = out.absolute() if out else config.ROOT / config.LOCAL.parent / name
    try:
        write_whole(target, packed)
    except OSError as error:
        raise LabError(f"{target}: cannot be written ({error.strerror}); name another file with --out") from None
    return target, summary


def measurements(folder: Path, experiment: str) -> list[Path]:
    """The records that hold numbers: recordings of call paths are no result. LabError where there is none."""
    paths = [path for path in sorted(folder.glob("*.json")) if "recording" not in Record(path).data]
    if not paths:
        raise LabError(f"experiment {experiment}: nothing was measured here yet; make experiments EXP={experiment}")
    return paths


def evaluated(experiment: str, folder: Path, records: list[Record]) -> tuple[list[Claim], dict[str, str]]:
    """(the claims as these records alone give them, {id of one that they do not give: why})."""
    with tempfile.TemporaryDirectory() as place:
        alone = Path(place, "records", experiment)
        alone.mkdir(parents=True)
        for name in further_host.files_of(records):
            (alone / name).write_bytes((folder / name).read_bytes())
        with _local(place):
            book = notebook_runner.evaluate(experiment, "local", config.ROOT)
    given = {claim["id"] for claim in book.claims}
    asked = [claim["id"] for claim in reference_claims(experiment)]
    rest = {name: "what it rests on was not measured" for name in asked if name not in given}
    return book.claims, rest | {name: why.partition(";")[0] for name, why in book.skipped.items()}


def summarized(manifest: dict[str, Any], count: int, reference: list[Claim], claims: list[Claim]) -> str:
    """The summary: what was measured on, a table of claims beside the reference, what is left out."""
    host, measured = manifest["host"], manifest["measured"]
    card = f"{host['gpu']}, driver {host['driver']}" if host["gpu"] else "no GPU"
    commit = f", commit `{manifest['commit']}`" if manifest["commit"] else ""
    days = " to ".join(dict.fromkeys([measured["first"][:10], measured["last"][:10]]))
    lines = [
        f"## Experiment {manifest['experiment']} on {host['gpu'] or host['cpu']}",
        "",
        f"- host `{host['id']}`: {card}; {host['cpu']}, {host['cores']} cores",
        f"- engines: {', '.join(f'{name} {version}' for name, version in manifest['engines'].items()) or 'none'}",
        f"- models: {'; '.join(manifest['models']) or 'none'}",
        f"- measured {days}, {count} records, lab `{manifest['lab']}`{commit}",
        f"- {len(claims)} claims evaluated, {sum(claim['holds'] for claim in claims)} hold",
        "",
        "| claim | reference | here | holds |",
        "| --- | --- | --- | --- |",
    ]
    theirs = {claim["id"]: claim for claim in reference}
    for claim in claims:
        first = theirs.get(claim["id"], {"values": {}})
        for index, (name, value) in enumerate(claim["values"].items() or [("", None)]):
            label = f"{claim['id']}: {name}" if index == 0 else name
            holds = ("yes" if claim["holds"] else "NO") if index == 0 else ""
            cells = (value_format.in_terminal(first["values"].get(name)), value_format.in_terminal(value))
            lines.append(f"| {label} | {cells[0]} | {cells[1]} | {holds} |")
    here = {claim["id"] for claim in claims}
    places = "; ".join(sorted({claim["host"]["label"] for claim in reference if claim["id"] in here}))
    lines += ["", f"Reference: {places}." if places else "There is no reference yet."]
    if missing := manifest["missing"]:
        lines += ["", f"Left out, {len(missing)} claims:", ""]
        lines += [f"- {name}: {why}" for name, why in missing.items()]
    return "\n".join(lines) + "\n"


def _of_one_plan(records: list[Record]) -> None:
    """What random weights show depends on the model's shape: either all of it is of the reference's, or none."""
    other = further_host.other_models(records, config.ROOT)
    shapes = [record for record in records if (record.data["model"] or {}).get("weights") == "random"]
    same = [record.data["measurement"] for record in shapes if record.data["measurement"] not in other]
    if other and same:
        name, text = next(iter(other.items()))
        raise LabError(f"{name}.json: {text}, as is {same[0]}.json: records of two plans; measure all of one again")


def _without_names(records: list[Record], allow: list[str]) -> None:
    words = {word: what for word, what in machine_words.words_here().items() if word not in allow}
    for record in records:
        columns = record.columns if "columns" in record.data else None
        if found := machine_words.first_found(record.data, columns, words):
            place, word, what = found
            text = f"{place} holds {word!r}, {what} of this machine"
            raise LabError(
                f"{record.path.name}: {text}; measure it again without, or if the word says nothing of you or the "
                f"machine: --allow {word}"
            )


@contextlib.contextmanager
def _local(folder: str) -> Iterator[None]:
    """A book of mode local reads and writes below `folder`."""
    before = os.environ.get("LAB_LOCAL")
    os.environ["LAB_LOCAL"] = folder
    try:
        yield
    finally:
        os.environ.pop("LAB_LOCAL")
        if before is not None:
            os.environ["LAB_LOCAL"] = before
