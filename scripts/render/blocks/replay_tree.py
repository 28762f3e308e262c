"""A state of a tree as HTML, and the bar that other kinds have too: a total divided among its parts."""

from scripts.render.page.html import escaped


def tree(state: dict, setup: dict) -> str:
    """The slots and the tree of a state."""
    held, evictable, free = state["protected"], state["evictable"], state["free"]
    total = setup.get("tokens") or held + evictable + free
    parts = [
        ("locked", held, "", "locked"),
        ("evictable", evictable, "", "evictable"),
        ("outside the tree", max(total - held - evictable - free, 0), "", "outside"),
    ]
    children: dict = {}
    for node in sorted(state["nodes"], key=lambda node: node["id"]):
        children.setdefault(node["parent"], []).append(node)
    return (
        bar("KV slots", total, [part for part in parts if part[1]], "free", "slots")
        + '<p class="rp-label">The tree: a node\'s tokens, its locks, its place in the order of last use</p>'
        + f'<ul class="rp-tree">{"".join(_node(node, children) for node in children.get(None, ()))}</ul>'
    )


def _node(node: dict, children: dict) -> str:
    root = node["parent"] is None
    below = "".join(_node(child, children) for child in children.get(node["id"], ()))
    locked = f'<span class="rp-lock">{"lock" if node["lock"] == 1 else "locks"} {node["lock"]}</span>'
    if root:
        inner = '<b>root</b> <span class="rp-quiet">always locked</span>'
    else:
        inner = (
            f'<b>{node["id"]}</b> <span class="rp-words">{escaped(node["label"])}</span> '
            f'<span class="rp-facts"><span>{node["tokens"]} token{"s" * (node["tokens"] != 1)}</span>'
            f"{locked if node['lock'] else '<span>evictable</span>'}<span>last use {node['used']}</span></span>"
        )
    classes = "is-root" if root else "is-locked" if node["lock"] else "is-evictable"
    value = f"{node['tokens']}/{node['lock']}"
    return (
        f'<li><div class="rp-node {classes}" data-k="n-{node["id"]}" data-v="{value}">{inner}</div>'
        + (f"<ul>{below}</ul>" if below else "")
        + "</li>"
    )


def bar(title: str, total: int, parts: list, rest: str, unit: str) -> str:
    """A bar of `total` divided among (name, amount, style, key), with what is left over at its end."""
    used = round(sum(amount for _, amount, _, _ in parts), 1)  # a reserve is no whole number
    left = round(total - used, 1)
    pieces = [
        f'<li class="rp-part rp-part-{escaped(key)}" data-k="{escaped(key)}" '
        f'style="{style + ";" if style else ""}flex-grow:{amount}" title="{escaped(name)}: {amount:,}">'
        f"<span><b>{escaped(name)}</b> {amount:,}</span></li>"
        for name, amount, style, key in parts
    ]
    if total > used:
        pieces.append(
            f'<li class="rp-part rp-rest" data-k="rest-{unit}" style="flex-grow:{left}">'
            f"<span>{rest} {left:,}</span></li>"
        )
    said = "; ".join(f"{escaped(name)} {amount:,}" for name, amount, _, _ in parts)
    heard = f'<span class="rp-sr">: {said}</span>' if said else ""
    return (
        f'<p class="rp-label">{title}: <b>{used:,}</b> of {total:,} {unit}{heard}</p>'
        f'<ul class="rp-bar">{"".join(pieces)}</ul>'
    )
