"""TOML tables: what fits becomes an object; what does not is one line with place, cause and remedy."""

import tomllib
from typing import Annotated

import pytest
from msgspec import Meta, field

from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.common.toml_tables import Id, Table, Text, refused

Even = Annotated[int, Meta(multiple_of=2, extra=refused("{key} is {value}, which is odd; halve something"))]
Pair = Annotated[tuple[Text, Text], Meta(extra=refused("{key} is no pair: {value!r}; write two"))]


class Leaf(Table, frozen=True):
    KIND, NAME = "leaf", "word"
    word: Text
    count: int = 0


class Branch(Table, frozen=True):
    KIND = "branch"
    file: str
    id: Id
    start: Text = field(name="from", default="")
    even: Even = 0
    pairs: tuple[Pair, ...] = ()
    words: tuple[Text, ...] = ()
    shown: dict[str, Text] = field(default_factory=dict)
    leaves: tuple[Leaf, ...] = field(name="leaf", default=())


def read(text: str) -> Branch:
    tables = toml_tables.parse(text, "t.toml")["branch"]
    (branch,) = toml_tables.read_each(tables, Branch, "t.toml", file="t.toml")
    return branch


def test_a_table_becomes_an_object_with_its_nested_ones():
    branch = read(
        '[[branch]]\nid = "a"\nfrom = "x"\npairs = [["1", "2"]]\nshown = { True = "on" }\n[[branch.leaf]]\nword = "w"\n'
    )
    assert branch == Branch(
        "t.toml", "a", "x", pairs=(("1", "2"),), shown={"True": "on"}, leaves=(Leaf("w", 0),)
    )


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('id = "a"\nto = "x"', "branch 'a': unknown key 'to'; remove it, or use one of id, from, even, pairs, words"),
        ('id = "a"\nstart = "x"', "branch 'a': unknown key 'start'; remove it, or use one of id, from"),
        ('id = "a"\nfile = "x"', "branch 'a': unknown key 'file'; remove it, or use one of id, from"),
        ('from = "x"', "branch number 1: 'id' is missing; add it"),
        ("id = 3", "branch number 1: 'id' must be text; correct or remove it"),
        ('id = "A b"', "branch 'A b': id 'A b' is not lower-case words joined by '-'; rename it"),
        ('id = "a\\n"', "is not lower-case words joined by '-'; rename it"),
        ('id = "a"\nfrom = " "', "branch 'a': 'from' must be text; correct or remove it"),
        ('id = "a"\nleaf = "x"', "branch 'a': 'leaf' must be a list; correct or remove it"),
        ('id = "a"\neven = "2"', "branch 'a': 'even' must be a number; correct or remove it"),
        ('id = "a"\neven = true', "branch 'a': 'even' must be a number; correct or remove it"),
        ('id = "a"\neven = 3', "branch 'a': even is 3, which is odd; halve something"),
        ('id = "a"\npairs = [["1", "2"], ["1"]]', "branch 'a': pairs is no pair: ['1']; write two"),
        ('id = "a"\nwords = ["x", 3]', "branch 'a': 'words' holds 3, which is not text; correct it"),
        ('id = "a"\nwords = ["x", " "]', "branch 'a': 'words' holds ' ', which is not text; correct it"),
        ('id = "a"\nshown = 1', "branch 'a': 'shown' must be a table; correct or remove it"),
        ('id = "a"\nshown = { True = 1 }', "branch 'a': shown: 'True' must be text; correct or remove it"),
        # What is nested is found by its own name, or by its number.
        (
            'id = "a"\n[[branch.leaf]]\nword = "w"\n[[branch.leaf]]\nword = "v"\ncolour = 1',
            "branch 'a': leaf 'v': unknown key 'colour'; remove it, or use one of word, count",
        ),
        ('id = "a"\n[[branch.leaf]]\ncount = 1', "branch 'a': leaf number 1: 'word' is missing; add it"),
        ('id = "a"\nleaf = [3]', "branch 'a': leaf number 1: is no table; write its keys below [[...]]"),
    ],
)
def test_what_does_not_fit_is_one_line_with_a_remedy(keys, said):
    with pytest.raises(SiteError) as caught:
        read(f"[[branch]]\n{keys}\n")
    assert said in str(caught.value) and str(caught.value).startswith("t.toml: branch ")
    assert "\n" not in str(caught.value)


def test_a_typo_is_named_before_what_it_leaves_missing():
    with pytest.raises(SiteError, match="unknown key 'idd'"):
        read('[[branch]]\nidd = "a"\n')


def test_two_of_one_name_are_refused():
    leaves = [Leaf("a"), Leaf("b")]
    assert list(toml_tables.by_name(leaves, "t.toml")) == ["a", "b"]
    with pytest.raises(SiteError, match="t.toml: leaf 'a': two leafs are called that; rename one"):
        toml_tables.by_name([*leaves, Leaf("a", 2)], "t.toml")


def test_a_kind_with_keys_that_only_data_knows():
    kind = toml_tables.with_keys(Leaf, ("oak", "elm"))
    leaf = toml_tables.read({"word": "w", "elm": "e"}, kind, "t.toml: leaf 'w'")
    assert isinstance(leaf, Leaf) and (leaf.word, leaf.oak, leaf.elm) == ("w", "", "e")
    with pytest.raises(SiteError, match="unknown key 'ash'; remove it, or use one of word, count, oak, elm"):
        toml_tables.read({"word": "w", "ash": "e"}, kind, "t.toml: leaf 'w'")
    with pytest.raises(SiteError, match="'oak' must be text; correct or remove it"):
        toml_tables.read({"word": "w", "oak": 3}, kind, "t.toml: leaf 'w'")


def test_no_toml_and_a_name_that_is_not_known():
    with pytest.raises(SiteError, match=r"t.toml: not TOML \(.*\); correct that line"):
        toml_tables.parse("[[x]", "t.toml")
    with pytest.raises(SiteError, match="t.toml: tree 'ash' is not known; use one of oak, elm"):
        toml_tables.one_of("ash", ("oak", "elm"), "tree", "t.toml")
    with pytest.raises(SiteError, match="use one of none, none is there"):
        toml_tables.one_of("ash", (), "tree", "t.toml")


def test_a_text_is_taken_apart_once_for_all_who_read_it(monkeypatch):
    text, read = "[[a]]\nb = 'only here'\n", []
    monkeypatch.setattr(toml_tables.tomllib, "loads", lambda text, real=tomllib.loads: read.append(text) or real(text))
    first = toml_tables.parse(text, "f")
    first.pop("a")
    assert toml_tables.parse(text, "f") == toml_tables.looked_at(text) == {"a": [{"b": "only here"}]}
    assert read == [text]
