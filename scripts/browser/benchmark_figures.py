"""The table that `make bench` prints: each figure beside the limit it is promised within."""


class Figures:
    """The table: figure, limit, what was measured, whether that is within it."""

    def __init__(self) -> None:
        self.rows: list[dict] = []

    def add(self, name: str, unit: str, limit: float | None, value: float | None, detail: str = "") -> None:
        """`value` None: it was not measured here, and `detail` says why."""
        ok = None if value is None or limit is None else value <= limit
        self.rows.append({"figure": name, "unit": unit, "limit": limit, "measured": value, "ok": ok, "detail": detail})
        shown = "not measured" if value is None else f"{value:.3g} {unit}".strip()
        bound = "" if limit is None else f"at most {limit:g} {unit}".strip()
        verdict = {True: "ok", False: "TOO MUCH", None: "-"}[ok]
        print(f"{name:44} {bound:16} {shown:14} {verdict:9} {detail}".rstrip(), flush=True)
