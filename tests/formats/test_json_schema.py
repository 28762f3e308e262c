"""The one fault that says most, in one line; each side says it in its own way of writing values."""

import json

import pytest

from experiments.formats.json_schema import first_fault
from experiments.formats.strict_json import FormatError


@pytest.fixture
def schema(tmp_path):
    path = tmp_path / "thing.schema.json"
    path.write_text(json.dumps({
        "type": "object", "required": ["name", "unit"], "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "pattern": "^[a-z]+$"}, "unit": {"enum": ["ms", "s"]},
            "values": {"type": "array", "maxItems": 3, "items": {"type": "number"}},
        },
    }))  # fmt: skip
    return path


def test_what_is_right_has_no_fault(schema):
    assert first_fault({"name": "a", "unit": "s", "values": [1, 2.5]}, schema) is None


@pytest.mark.parametrize(("value", "line"), [
    ({"name": "a", "unit": "furlong"}, "unit: 'furlong' is not known (known: ms, s)"),
    ({"values": []}, "thing: field name, unit is missing"),
    ({"name": "a", "unit": "s", "values": [1, "x"]}, "values[1]: 'x' is not of type 'number'"),
    ({"name": "a", "unit": "s", "colour": 1}, "thing: Additional properties are not allowed ('colour' was unexpected)"),
    ({"name": "a", "unit": "s", "values": [10**60] * 4},
     f"values: [1{'0' * 55}... is not maxItems"),
    ([], "thing: [] is not of type 'object'"),
])  # fmt: skip
def test_a_fault_is_one_line_with_its_place(schema, value, line):
    assert first_fault(value, schema).line("thing") == line


def test_a_side_writes_values_as_it_does(schema):
    line = first_fault({"name": "a", "unit": "x"}, schema).line("thing", json.dumps)
    assert line == 'unit: "x" is not known (known: ms, s)'


def test_a_schema_that_cannot_be_read_is_a_format_error(tmp_path):
    with pytest.raises(FormatError, match="No such file"):
        first_fault({}, tmp_path / "gone.schema.json")
    (tmp_path / "bad.schema.json").write_text("{")
    with pytest.raises(FormatError, match="Expecting"):
        first_fault({}, tmp_path / "bad.schema.json")
