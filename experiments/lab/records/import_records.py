"""Brings records home that were made on another machine, each validated again before any is copied: into a folder of
this one, or as a further host's into experiments/hosts, with a plan for smaller cards into experiments/plans.
"""

import argparse
from pathlib import Path

from experiments.formats import host_index, record_format
from experiments.formats.strict_json import FormatError
from experiments.formats.whole_file import write_whole
from experiments.lab.errors import LabError
from experiments.lab.host import config, host_info
from experiments.lab.records import further_host, host_filing, host_folders, listed_records
from experiments.lab.records.record_file import Record, portable


def imported(options: argparse.Namespace) -> list[str]:
    """`lab import FILE|DIR`: the lines to print. LabError for what must not be imported, and nothing is."""
    source, root = options.source, config.ROOT
    if options.reference and (options.host or not source.is_dir()):
        raise LabError(f"{source.name}: a further host's records are no reference; leave --reference out")
    if source.is_dir() and not (options.host or options.check):
        home = root / (config.REFERENCE if options.reference else config.LOCAL)
        return [portable(str(path)) for path in bring_home(source, home)]
    found = further_host.from_folder(source, root) if source.is_dir() else [further_host.from_file(source, root)]
    for one in found:
        host_filing.lies_free(one, root)
    lines = []
    for one in found:
        experiment = one.place[-2:]
        if options.check:
            lines.append(f"{source.name}: {len(one.files)} files may be filed as {host_index.path(one.place)}")
        else:
            lines.append(f"{portable(str(host_filing.put(one, root)))}: {len(one.files)} files")
        if one.missing:
            lines.append(f"claims that the sender could not evaluate: {', '.join(one.missing)}")
        lines.append(f"which sources measured: python -m experiments.lab digest --find {one.lab[:15]}")
        if not options.check:
            lines.append(f"next: make experiments EXP={experiment}, then make verify")
    return lines


def listed(options: argparse.Namespace) -> list[str]:
    """`lab hosts`: a line a host and experiment, after what --accept or --drop asks for."""
    if options.drop:
        host_filing.drop(options.drop, config.ROOT)
    if options.accept:
        host_filing.accept(config.ROOT)
    lines = []
    places = [place for top in host_index.SCHEMAS for place in host_index.places(config.ROOT, folder=top)]
    for place in places:
        *plan, id, experiment = place.split("/")
        top = Path(host_index.top(place), *plan)
        one = host_folders.read(config.ROOT / host_index.path(place), id, experiment, top)
        label = ", ".join([host_info.label(one.host), *(f"plan {name}" for name in plan)])
        lines.append(f"{id}  {experiment}  {one.started[:10]}  {len(one.measurements):3} records  {label}")
    try:
        return lines + host_index.faults(config.ROOT) or ["no further host"]
    except FormatError as error:
        raise LabError(str(error)) from None


def bring_home(folder: Path, target: Path) -> list[Path]:
    """The paths written. `folder` holds NN/*.json with their columns. LabError for a bad one, and nothing is copied."""
    records = [Record(path) for path in sorted(folder.glob("[0-9][0-9]/*.json"))]
    if not records:
        raise LabError(f"{folder}: holds no records; it must be the folder given to --out, with NN/*.json in it")
    for record in records:
        if record.path.parent.name != record.data["experiment"] or record.path.stem != record.data["measurement"]:
            raise LabError(
                f"{record.path}: is not where it belongs, {record.data['experiment']}/{record.data['measurement']}.json"
            )
        if record.plan and target.name == config.REFERENCE.name and target.parent.name == config.REFERENCE.parent.name:
            text = f"is of plan {record.plan}, and the reference of a large card; import the folder with --host"
            raise LabError(f"{record.path.name}: {text}")
    written = []
    files: dict[str, dict[str, str]] = {}
    for record in records:
        home = target / record.data["experiment"]
        home.mkdir(parents=True, exist_ok=True)
        if named := record.data.get("columns"):
            write_whole(home / named["file"], (record.path.parent / named["file"]).read_bytes())
        write_whole(home / record.path.name, record.path.read_bytes())
        written.append(home / record.path.name)
        names = [record.path.name, *([named["file"]] if named else [])]
        new = {name: record_format.sha256((home / name).read_bytes()) for name in names}
        files.setdefault(record.data["experiment"], {}).update(new)
    for experiment, new in files.items():
        listed_records.replaced(target, experiment, (), new)
    return written
