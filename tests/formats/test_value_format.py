"""One form of a value for the page and the terminal."""

import pytest

from experiments.formats import value_format


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"value": 1.0, "unit": "ms"}, "1.00\u00a0ms"),
        ({"value": 0.012345, "unit": "s", "digits": 2}, "0.012\u00a0s"),
        ({"value": 123456.0, "unit": "tok/s", "digits": 3}, "123,000\u00a0tok/s"),
        ({"value": 9.996, "unit": "us", "digits": 3}, "10.0\u00a0µs"),
        ({"value": 1234567, "unit": "B"}, "1,234,567\u00a0bytes"),
        ({"value": 2.5, "unit": "x", "digits": 2}, "2.5×"),
        ({"value": 3, "unit": "count"}, "3"),
        ({"value": -4.25, "unit": "%", "digits": 2}, "\u22124.2%"),
        ({"value": 0.0, "unit": "ms"}, "0\u00a0ms"),
        ({"value": True, "unit": "bool"}, "yes"),
    ],
)
def test_values_are_written_to_their_digits(value, text):
    assert value_format.formatted(value) == text


def test_an_interval_has_the_places_of_its_value():
    assert (
        value_format.interval({"value": 12.34, "unit": "ms", "digits": 3, "ci": [12, 12.66]}) == "12.0 to 12.7\u00a0ms"
    )
    assert (
        value_format.interval({"value": 12340.0, "unit": "tok/s", "digits": 2, "ci": [11900, 12660]})
        == "12,000 to 13,000\u00a0tok/s"
    )
    assert value_format.interval({"value": 7, "unit": "count", "ci": [6, 8]}) == "6 to 8"
    assert value_format.interval({"value": 7, "unit": "count", "ci": [6.5, 8]}) == "6.5 to 8.0"


def test_the_terminal_writes_a_value_as_the_page_does():
    """1,100 ms on the page was 1.1e+03 ms in `make experiments`."""
    value = {"value": 1100.4, "unit": "ms", "digits": 3, "ci": [1090.2, 1110.7]}
    assert value_format.in_terminal(value) == "1,100 ms [1,090 to 1,110 ms]"
    assert value_format.in_terminal(value).startswith(value_format.formatted(value).replace("\u00a0", " "))
    assert (value_format.in_terminal(None), value_format.in_terminal({"value": 3, "unit": "count"})) == ("-", "3")


def test_a_limit_is_written_as_it_was_typed():
    limits = (1.05, 25, 0.997, -1, 1000, 1.0, True)
    assert [value_format.bound(each) for each in limits] == ["1.05", "25", "0.997", "\u22121", "1,000", "1", "yes"]


def test_several_values_have_their_own_places_and_one_unit():
    values = [{"value": value, "unit": "ms", "digits": 3} for value in (9.876, 10.24, 11.0)]
    assert value_format.listed(values) == "9.88, 10.2 and 11.0\u00a0ms"
    assert value_format.listed(values[:1]) == "9.88\u00a0ms"
    assert value_format.between(9, 12.345, values[0]) == "9.00 to 12.35\u00a0ms"


def test_a_range_of_one_point_is_one_number():
    count, time = {"value": 26, "unit": "count"}, {"value": 9.876, "unit": "ms", "digits": 3}
    assert value_format.expected(26.000000000000004, 26.0, count) == "26"
    assert value_format.expected(9.874, 9.881, time) == "9.87 to 9.88\u00a0ms"
    assert value_format.expected(9.876, 9.877, time) == "9.88\u00a0ms"


def test_a_wide_range_has_no_more_digits_than_can_be_meant():
    time = {"value": 2.07, "unit": "ms", "digits": 3}
    assert value_format.expected(0.00005, 81905.95, time) == "0.00 to 81,910\u00a0ms"
    assert value_format.expected(98.2, 103.04, {"value": 99.8, "unit": "ms"}) == "98.2 to 103.0\u00a0ms"
    assert value_format.expected(-4.5, 0, {"value": 0.0, "unit": "ms"}) == "\u22124.50 to 0.00\u00a0ms"
    assert value_format.expected(3, 4.5, {"value": 4, "unit": "count"}) == "3 to 4.5"


def test_what_is_rounded_to_none_has_no_sign():
    small = {"value": -0.04, "unit": "%", "digits": 1, "ci": [-0.4, 0.1]}
    assert value_format.number(-0.04, decimals=1) == value_format.number(0.04, decimals=1) == "0.0"
    assert [value_format.number(each, decimals=0) for each in (-0.0, -0.4, -0.6)] == ["0", "0", "\u22121"]
    assert value_format.number(-4.0, decimals=-1) == "0" and value_format.bound(-0.0) == "0"
    assert value_format.between(-0.004, 0.3, {"value": 1.0, "unit": "%"}) == "0.00 to 0.30%"
    assert value_format.expected(-0.004, 0.3, {"value": 1.0, "unit": "%"}) == "0.00 to 0.30%"
    assert value_format.formatted(small) == "\u22120.04%" and value_format.interval(small) == "\u22120.40 to 0.10%"
    assert value_format.formatted({"value": -0.0, "unit": "%"}) == "0%"
