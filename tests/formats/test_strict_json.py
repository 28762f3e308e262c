"""JSON that only Python takes for JSON is refused, and an infinity is found wherever it lies."""

import pytest

from experiments.formats import strict_json


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(constant):
    with pytest.raises(strict_json.FormatError, match=f"^holds {constant}, which is not a number$"):
        strict_json.read(f'{{"a": [1, {constant}]}}'.encode())


def test_what_is_no_json_is_refused_in_the_parsers_words():
    with pytest.raises(ValueError, match="Expecting"):
        strict_json.read(b'{"a": ')


@pytest.mark.parametrize(("text", "fault"), [
    ('{"a": [{"b": 1.5}, {"b": 1e999}]}', ("a[1].b", float("inf"))), ('{"a": {"b": -1e999}}', ("a.b", -float("inf"))),
    ("[1e999]", ("[0]", float("inf"))), ('{"a": [1, -1' + "0" * 400 + "]}", ("a[1]", -float("inf"))),
    ('{"b": {"c": 1e999}, "a": 1e999}', ("b.c", float("inf"))), ('[1, 2, 1e999]', ("[2]", float("inf"))),
    ('[1, "x", [2, -1e999]]', ("[2][1]", -float("inf"))), ('[1' + "0" * 300 + ', 2.5]', None),
    ('{"a": [1, 2.5, "x", null, true]}', None),
])  # fmt: skip
def test_a_number_too_large_is_found_with_its_place(text, fault):
    assert strict_json.first_not_finite(strict_json.read(text)) == fault


def test_writing_is_short_or_indented_and_refuses_what_is_not_finite():
    assert strict_json.write({"a": [1, 2], "é": 1.5}) == '{"a":[1,2],"é":1.5}'.encode()
    assert strict_json.write({"a": [1]}, indent=1) == b'{\n "a": [\n  1\n ]\n}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        strict_json.write([float("nan")])


def test_what_is_nested_without_end_is_refused():
    with pytest.raises(strict_json.FormatError, match="nested too deeply"):
        strict_json.read("[" * 100_000)


def test_a_number_is_looked_for_however_deep_it_lies():
    value = float("inf")
    for _ in range(50_000):
        value = [value]
    assert strict_json.first_not_finite(value)[1] == float("inf")


def test_a_name_that_stands_twice_is_refused_where_that_is_asked_for():
    text = '{"a": {"b": 1, "c": 2, "b": 3}}'
    assert strict_json.read(text) == {"a": {"b": 3, "c": 2}}
    with pytest.raises(strict_json.FormatError, match="^has 'b' twice in one object$"):
        strict_json.read(text, twice=False)
