"""What a browser would fetch from another host is found, whatever stands before it and however it is written."""

import json

import pytest

from scripts.build.page_loads import foreign_loads, in_notebook

U = "https://cdn.example.org/a"


@pytest.mark.parametrize(
    "html",
    [
        f'<img alt="a > b" src="{U}.png">',
        f"<img title='x -> y' src='{U}.png'>",
        f'<img\n  alt="x"\n  src=\n"{U}.png"\n>',
        f'<link rel="preload stylesheet" href="{U}.css" as="style">',
        f'<link rel="alternate stylesheet" href="{U}.css">',
        f'<link rel="icon shortcut" href="{U}.ico">',
        f'<link rel="\nstylesheet\n" href="{U}.css">',
        f"<link href={U}.css rel=stylesheet>",
        f'<LINK REL="StyleSheet" HREF="{U}.css">',
        f'<SCRIPT SRC="{U}.js"></SCRIPT>',
        f'<link rel="preload" as="image" imagesrcset="a.png, {U}.png 2x">',
        f'<img src="x.png" srcset="x.png 1x, {U}.png 2x">',
        f'<script type="module">import x from "{U}.js"</script>',
        f'<script>import("{U}.js")</script>',
        f'<script>var s=document.createElement("script");s.src="{U}.js"</script>',
        '<script>fetch("https://localhost:8000/x")</script>',
        '<script>const h="x"; import(`https://${h}/a.js`)</script>',
        '<script>import("https://github.com/somebody/x.js")</script>',
        f'<script type="importmap">{{"imports": {{"x": "{U}.js"}}}}</script>',
        '<base href="https://cdn.example.org/">',
        f'<meta http-equiv="Refresh" content="0; url={U}">',
        f"<p style='background:url({U}.png)'>x</p>",
        f'<p style="background:url(&quot;{U}.png&quot;)">x</p>',
        f'<style>@import "{U}.css";</style>',
        f'<body background="{U}.png">',
        '<img src="//cdn.example.org/a.png">',
        r'<img src="https:\\cdn.example.org\a.png">',
        '<img src="ht\ttps://cdn.example.org/a.png">',
        '<img src=" https&#58;//cdn.example.org/a.png">',
        f'<object data="{U}.svg"></object>',
        f'<video poster="{U}.png"></video>',
        f'<svg><image xlink:href="{U}.png"/></svg>',
        f'<svg><use href="{U}.svg#a"/></svg>',
        f'<svg><filter><feImage href="{U}.png"/></filter></svg>',
        f'<svg><rect fill="url({U}.svg#a)"/></svg>',
        f'<input type="image" src="{U}.png">',
        f'<iframe srcdoc="&lt;img src={U}.png&gt;"></iframe>',
        f'<template><img src="{U}.png"></template>',
        f'<noscript><img src="{U}.png"></noscript>',
    ],
)
def test_of_a_page(html):
    assert len(foreign_loads(f"<!doctype html>{html}", "html")) == 1


@pytest.mark.parametrize(
    "css",
    [
        f'a{{background:image-set("{U}.png" 1x)}}',
        f"a{{background:image-set(url({U}.png) 1x)}}",
        f"a{{background:URL({U}.png)}}",
        f"@media print{{a{{b:url( '{U}.png' )}}}}",
        f'@import/**/"{U}.css";',
        f'@import/**/url("{U}.css") print;',
        f"a{{background:u\\72l({U}.png)}}",
        f"@font-face{{src:local('x'),url({U}.woff2)}}",
        f"a{{--x:url({U}.png)}}",
    ],
)
def test_of_a_style(css):
    assert foreign_loads(css, "css")[0].startswith(U) and len(foreign_loads(css, "css")) == 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f'<a href="{U}">x</a>', "html"),
        (f'<a ping="x" title="src={U}">x</a>', "html"),
        (f'<link rel="canonical" href="{U}"><link rel="alternate" href="{U}">', "html"),
        (f'<!-- <img src="{U}.png"> -->', "html"),
        (f'<pre><code>&lt;img src="{U}.png"&gt;</code></pre>', "html"),
        (f'<img data-src="{U}.png" src="x.png">', "html"),
        (f'<form action="{U}"></form>', "html"),
        (f'<script type="application/ld+json">{{"url": "{U}"}}</script>', "html"),
        ("<img src=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E\">", "html"),
        ("<style>a{b:url(\"data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg'>\")}</style>", "html"),
        (f"/* url({U}.png) */ a{{content: '{U}'}}", "css"),
        ("@namespace svg url(http://www.w3.org/2000/svg);", "css"),
        ('a = "//" + b; c = "https://"', "js"),
    ],
)
def test_what_is_not_fetched(text, kind):
    assert foreign_loads(text, kind) == []


def test_a_notebook_s_outputs_and_text_load_nothing(tmp_path):
    output = {"data": {"text/html": ['<script src="https://cdn.example.org/a.js">', "</script>"], "text/plain": "https://x.y"}}
    cells = [
        {"cell_type": "code", "source": "", "outputs": [output, {"name": "stdout", "text": "https://x.y/a.js"}]},
        {"cell_type": "markdown", "source": ["<img src='https://img.example.org/b.png'>"]},
    ]
    file = tmp_path / "a.ipynb"
    file.write_text(json.dumps({"cells": cells}))
    assert in_notebook(file) == ["https://cdn.example.org/a.js", "https://img.example.org/b.png"]
