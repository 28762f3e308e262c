"""The quick look at a value says what jsonschema says, on every file that is read and on what damages it."""

import copy
import json
import math
import random

import jsonschema
import pytest

from experiments.formats import json_schema, quick_schema
from scripts.common.paths import ROOT

SCHEMAS = sorted([*ROOT.glob("scripts/schema/*.json"), *ROOT.glob("experiments/lab/schema/*.json")])
FILES = {
    "scripts/schema/claims.schema.json": "experiments/claims/04.json",
    "scripts/schema/calibration.schema.json": "experiments/calibration.json",
    "experiments/lab/schema/record.schema.json": "experiments/records/04/*.json",
}
OTHER = (None, True, False, 0, 1, -3, 2.5, 1e400, "", "x", "2026-11-30", [], {}, [1, 1], ["a", "a"], {"x": 1})


def places(value, path=()):
    """The way to every part of a value."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value[:40]) if isinstance(value, list) else ()
    for name, part in parts:
        yield from places(part, (*path, name))


def damaged(value, rng):
    """A copy with one part changed, taken out, or added."""
    value = copy.deepcopy(value)
    path = rng.choice([path for path in places(value) if path])
    parent = value
    for step in path[:-1]:
        parent = parent[step]
    act = rng.randrange(3)
    if act == 0:
        parent[path[-1]] = rng.choice(OTHER)
    elif act == 1:
        del parent[path[-1]]
    elif isinstance(parent, dict):
        parent["added"] = rng.choice(OTHER)
    else:
        parent.append(rng.choice(OTHER))
    return value


@pytest.mark.parametrize("path", SCHEMAS, ids=[path.name for path in SCHEMAS])
def test_every_schema_of_the_project_has_a_quick_look(path):
    assert quick_schema.compiled(json.loads(path.read_text())) is not None


@pytest.mark.parametrize(("schema", "files"), FILES.items())
def test_it_says_what_jsonschema_says_of_real_files_and_of_damaged_ones(schema, files):
    asks = json.loads((ROOT / schema).read_text())
    look, validator = quick_schema.compiled(asks), jsonschema.validators.validator_for(asks)(asks)
    file = sorted(ROOT.glob(files))[0]
    value, rng, said = json.loads(file.read_text()), random.Random(3), set()
    if "claims" in value:
        value["claims"] = value["claims"][:2]
    assert look(value) is True
    for _ in range(250):
        other = damaged(value, rng)
        found = look(other)
        assert found is validator.is_valid(other), other
        said.add(found)
    assert said == {True, False}


@pytest.mark.parametrize(
    ("schema", "fits", "not_so"),
    [
        ({"type": "integer"}, [1, 2.0, -5], [True, 1.5, "1", None]),
        ({"type": ["string", "null"]}, ["", None], [0, []]),
        ({"enum": [1, "a", None]}, [1, 1.0, "a", None], [True, "b", 0]),
        ({"const": True}, [True], [1, "true"]),
        ({"minimum": 0, "maximum": 2}, [0, 2, "x", math.nan, True], [-1, 2.1]),
        ({"exclusiveMinimum": 0}, [0.1, None], [0, -1]),
        ({"pattern": "^a"}, ["ab", 3], ["ba"]),
        ({"items": {"type": "string"}, "minItems": 1, "maxItems": 2}, [["a"], {}, 3], [[], [1], ["a", "b", "c"]]),
        ({"uniqueItems": True}, [["a", "b"], "aa"], [["a", "a"]]),
        ({"anyOf": [{"type": "string"}, {"minimum": 3}]}, ["a", 3, None], [2]),
        ({"oneOf": [{"minimum": 3}, {"maximum": 5}]}, [2, 6], [4]),
        ({"allOf": [{"minimum": 3}, {"maximum": 5}]}, [4], [2, 6]),
        ({"propertyNames": {"pattern": "^x"}}, [{"x1": 1}, {}], [{"y": 1}]),
        ({"properties": {"a": True, "b": False}}, [{"a": 1}, []], [{"b": 1}]),
        ({"properties": {"a": {}}, "additionalProperties": {"type": "null"}}, [{"a": 1, "b": None}], [{"b": 1}]),
        ({"$defs": {"tree": {"items": {"$ref": "#/$defs/tree"}, "maxItems": 1}}, "$ref": "#/$defs/tree"},
         [[], [[[]]]], [[[[], []]]]),
    ],
)  # fmt: skip
def test_keywords_mean_what_they_mean_to_jsonschema(schema, fits, not_so):
    look, validator = quick_schema.compiled(schema), jsonschema.Draft202012Validator(schema)
    assert [look(value) for value in fits] == [validator.is_valid(value) for value in fits] == [True] * len(fits)
    assert [look(value) for value in not_so] == [validator.is_valid(value) for value in not_so] == [False] * len(not_so)


@pytest.mark.parametrize(
    "schema",
    [{"patternProperties": {}}, {"format": "date"}, {"const": [1]}, {"type": "text"}, {"$ref": "other.json"},
     {"$ref": "#/$defs/gone"}, {"items": [{"type": "null"}]}, "text"],
)  # fmt: skip
def test_what_is_not_known_here_is_left_to_jsonschema(schema):
    assert quick_schema.compiled(schema) is None


def test_what_it_is_unsure_of_jsonschema_judges(tmp_path):
    look = quick_schema.compiled({"uniqueItems": True})
    with pytest.raises(quick_schema.Unsure):
        look([1, True])
    path = tmp_path / "a.json"
    path.write_text('{"uniqueItems": true}')
    assert json_schema.first_fault([1, True], path) is None and json_schema.first_fault([1, 1], path) is not None
