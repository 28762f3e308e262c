"""Libraries that pages load are those that docs/assets/js/vendor/VERSIONS names, unchanged, each with its licence."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "docs/assets/js/vendor"


def test_every_library_is_named_with_its_digest_and_licence():
    rows = [line.split() for line in (VENDOR / "VERSIONS").read_text().splitlines() if not line.startswith("#")]
    listed = {row[0]: row[-1] for row in rows if row[0].endswith(".js")}
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in VENDOR.glob("*.js")}
    assert found and found == listed
    packages = [row for row in rows if not row[0].endswith(".js")]
    assert {row[2] for row in packages} == {file.name for file in VENDOR.glob("*LICENSE*")}
    notice = (ROOT / "NOTICE").read_text()
    assert [row[0] for row in packages if row[0] not in notice.lower()] == []
