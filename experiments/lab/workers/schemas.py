"""The JSON schemas of experiment 07, and a document for each: `python schemas.py` prints {name: {"schema", "document"}}.

Four are written here: `flat`, an object of twelve fields; `nested`, objects and arrays three deep; `enums`, 24 fields of which
each takes one of a few words or a truth value, so that no model can leave a free string open; `recursive`, a tree whose
nodes are trees. `openapi` is a published one: OpenAI's answer to a chat completion as the package `openai` has it,
which is generated from OpenAI's OpenAPI document; its text is not kept here; records hold its size and digest. That package lies
in the environment of either engine, in other versions, so both are given what vLLM's has.

Every document is valid, its keys in the schema's order: grammars of JSON schemas want them so.
"""

import json
import random
import sys

STRING, NUMBER, TRUTH = {"type": "string"}, {"type": "number"}, {"type": "boolean"}
INTEGER = {"type": "integer"}
WORDS = ("amber", "birch", "cedar", "delta", "ember", "frost", "grove", "harbour", "indigo", "juniper", "kelp", "linden",
         "marble", "nectar", "opal", "pebble", "quartz", "russet", "saffron", "thistle", "umber", "velvet", "willow", "yarrow")


def thing(properties: dict, optional=()) -> dict:
    """An object that has these properties and no others; all are required but for those in `optional`."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def flat() -> dict:
    schema = thing({"name": STRING, "city": STRING, "age": INTEGER, "height": NUMBER, "member": TRUTH, "email": STRING,
                    "street": STRING, "phone": STRING, "score": NUMBER, "visits": INTEGER, "active": TRUTH, "language": STRING})
    document = {"name": "Ada Lovelace", "city": "London", "age": 36, "height": 1.65, "member": True,
                "email": "ada@example.org", "street": "St James's Square 12", "phone": "555-0101", "score": 97.5, "visits": 3,
                "active": False, "language": "English"}
    return {"schema": schema, "document": document}


def nested() -> dict:
    line = thing({"sku": STRING, "count": INTEGER, "price": NUMBER})
    address = thing({"street": STRING, "town": STRING, "country": {"enum": ["DE", "FR", "PL", "SE"]}})
    schema = thing({"order": INTEGER, "buyer": thing({"name": STRING, "address": address}),
                    "lines": {"type": "array", "items": line}, "paid": TRUTH})
    document = {"order": 4711, "buyer": {"name": "Bo", "address": {"street": "Hill Road 4", "town": "Lund", "country": "SE"}},
                "lines": [{"sku": "A-1", "count": 2, "price": 9.5}, {"sku": "B-7", "count": 1, "price": 120.0}], "paid": False}
    return {"schema": schema, "document": document}


def enums() -> dict:
    rng = random.Random(7)
    properties, document = {}, {}
    for number, word in enumerate(WORDS):
        choices = rng.sample(WORDS, 4 + number % 9)
        properties[f"{word}_{number}"] = TRUTH if number % 6 == 5 else {"enum": choices}
        document[f"{word}_{number}"] = True if number % 6 == 5 else choices[0]
    return {"schema": thing(properties), "document": document}


def recursive() -> dict:
    node = thing({"label": STRING, "weight": NUMBER, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}})
    leaf = {"label": "leaf", "weight": 0.5, "children": []}
    document = {"label": "root", "weight": 1.0, "children": [{"label": "left", "weight": 2.0, "children": [leaf, leaf]}, leaf]}
    return {"schema": {"$defs": {"node": node}, **node}, "document": document}


def openapi() -> dict:
    from openai.types.chat import ChatCompletion

    document = {"id": "chatcmpl-1", "choices": [{"finish_reason": "stop", "index": 0, "message": {
        "content": "The capital of Sweden is Stockholm.", "role": "assistant"}}], "created": 1764115200, "model": "m",
        "object": "chat.completion"}
    return {"schema": ChatCompletion.model_json_schema(), "document": document}


def everything() -> dict:
    return {each.__name__: each() for each in (flat, nested, enums, recursive, openapi)}


if __name__ == "__main__":
    print(json.dumps(everything()))
    sys.exit(0)
