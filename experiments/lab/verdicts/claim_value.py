"""A claim's value as an object: what it is, between which bounds, and how these lie to a limit."""

from typing import Any


class Value(dict[str, Any]):
    """{"value", "unit", "digits", "ci"?, "n"?}: written to a claims file as the dict that it is.

    A value without "ci" is exact: its bounds are the value itself.
    """

    @property
    def value(self) -> float:
        return self["value"]

    @property
    def unit(self) -> str:
        return self["unit"]

    @property
    def exact(self) -> bool:
        """Whether it has no interval."""
        return not self.get("ci")

    @property
    def ci(self) -> tuple[float, float]:
        """(low, high) of the 95% interval, in the value's unit."""
        if self.exact:
            return self.value, self.value
        low, high = self["ci"]
        return low, high

    @property
    def low(self) -> float:
        return self.ci[0]

    @property
    def high(self) -> float:
        return self.ci[1]

    def above(self, limit: float) -> bool:
        """Whether the whole interval lies above `limit`."""
        return self.low > limit

    def below(self, limit: float) -> bool:
        """Whether the whole interval lies below `limit`."""
        return self.high < limit

    def holds(self, number: float) -> bool:
        """Whether `number` lies in the interval, its ends included."""
        return self.low <= number <= self.high
