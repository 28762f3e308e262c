"""The numbers of a load, as a record's `workload` holds them."""

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    """Numbers of a load, each under the name that it has in a record."""

    def recorded(self) -> dict[str, object]:
        """{field: value} as a record holds them, in the order of the fields."""
        return {name: list(value) if isinstance(value, tuple) else value
                for name, value in dataclasses.asdict(self).items()}
