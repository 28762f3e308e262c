"""Raw values while a suite takes them; `rows()` is what a record holds."""


class Samples:
    """Raw values by name, unit and labels, in the order in which they were taken."""

    def __init__(self) -> None:
        self._rows: dict[tuple, dict] = {}

    def add(self, name: str, unit: str, value: float, **labels: object) -> None:
        written = {key: str(value) for key, value in sorted(labels.items())}
        row = self._rows.setdefault(
            (name, *written.items()), {"name": name, "unit": unit, "labels": written, "values": []}
        )
        row["values"].append(round(float(value), 6))

    def rows(self) -> list[dict]:
        return list(self._rows.values())
