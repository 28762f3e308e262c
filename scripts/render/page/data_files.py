"""What is published as data beside the pages: records, claims and schemas, so that a reader can check them."""

from pathlib import Path

from scripts.drift import comparison_files
from scripts.measured import calibration, claim_reader, host_reader, plan_claims, record_reader

# Folder of the repository -> folder of the site.
PLACES = {
    record_reader.FOLDER: "data/records",
    host_reader.FOLDER: "data/hosts",
    plan_claims.RECORDS: "data/plans",
    claim_reader.FOLDER: "data/claims",
    "experiments/figures": "data/figures",
    "experiments/lab/schema": "data/schema",
    "scripts/schema": "data/schema",
    comparison_files.FOLDER: "data/drift",
    comparison_files.RECORDINGS: "data/drift/recordings",
}
FILES = {calibration.FILE: "data/calibration.json"}  # single files, that need not be there
SUFFIXES = (".json", ".gz", ".svg")


def files(root: Path) -> list[tuple[Path, str]]:
    """(file, address below the site's root) of all that is copied into the site; data/ledger.json is not among it."""
    published = [(root / file, place) for file, place in FILES.items() if (root / file).is_file()]
    for folder, place in PLACES.items():
        for file in sorted((root / folder).rglob("*")):
            if file.is_file() and file.name.endswith(SUFFIXES):
                published.append((file, f"{place}/{file.relative_to(root / folder).as_posix()}"))
    return published


def address(path: str) -> str:
    """A committed file's address below the site's root: `data/records/01/x.json` of `experiments/records/01/x.json`."""
    for folder, place in PLACES.items():
        if path.startswith(folder + "/"):
            return place + path[len(folder) :]
    raise ValueError(f"{path} is not published")
