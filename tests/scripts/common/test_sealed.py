"""What was sealed is as it was written; an edit, another digest and none are seen."""

from scripts.common import sealed


def test_an_edit_is_seen_and_order_and_layout_are_none():
    whole = sealed.sealed({"a": 1, "b": [2, {"c": "é"}]})
    assert not sealed.edited(whole) and not sealed.edited(dict(reversed(whole.items())))
    assert sealed.sealed(whole) == whole
    for other in (whole | {"a": 2}, {"a": 1}, whole | {"digest": "sha256:0"}, {**whole, "d": 1}):
        assert sealed.edited(other)
