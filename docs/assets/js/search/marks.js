/* The words that a reader searched for, marked on the page that a result has opened. Whole words of three letters or more alone;
   Escape, or the button, takes the marks away. Nothing of the page is changed: the browser paints them. */
(() => {
  "use strict";

  const { words, stem, STOP, WORD } = siteSearch;
  const LEAST = 3;
  const asked = new URLSearchParams(location.search).get("h") ?? "";
  const wanted = new Set(words(asked).filter((word) => word.length >= LEAST && !STOP.has(word)));
  if (!wanted.size || !globalThis.CSS?.highlights) return;

  /** [start, end] of what is marked in a text: a name that was asked for as a whole, else each of its parts that was. */
  function* places(text) {
    for (const { index, 0: piece } of text.matchAll(WORD)) {
      if (/[-._:/]/.test(piece) && words(piece).some((word) => word.includes("_") && wanted.has(word))) {
        yield [index, index + piece.length];
        continue;
      }
      for (const { index: at, 0: part } of piece.replace(/['’]s$/, "").matchAll(/[^-._:/]+/g)) {
        const low = part.toLowerCase();
        if (low.length >= LEAST && (wanted.has(low) || wanted.has(stem(low)))) yield [index + at, index + at + low.length];
      }
    }
  }

  function mark() {
    const article = document.querySelector("article");
    if (!article) return;
    const ranges = [];
    const texts = document.createTreeWalker(article, NodeFilter.SHOW_TEXT, (node) =>
      node.parentElement.closest("script, style, svg, template") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
    );
    while (texts.nextNode()) {
      for (const [start, end] of places(texts.currentNode.data)) {
        const range = new StaticRange({ startContainer: texts.currentNode, startOffset: start, endContainer: texts.currentNode, endOffset: end });
        ranges.push(range);
      }
    }
    if (!ranges.length) return;
    CSS.highlights.set("search", new Highlight(...ranges));

    const off = document.createElement("button");
    off.className = "search-unmark";
    off.type = "button";
    off.innerHTML = "Marks off <kbd>Esc</kbd>";
    const unmark = () => {
      CSS.highlights.delete("search");
      off.remove();
      removeEventListener("keydown", onKey);
      const bare = new URL(location);
      bare.searchParams.delete("h");
      history.replaceState(history.state, "", bare);
    };
    const onKey = (event) => {
      if (event.key === "Escape" && !document.querySelector("dialog[open]")) unmark();
    };
    off.addEventListener("click", unmark);
    addEventListener("keydown", onKey);
    document.body.append(off);
  }

  // This script arrives while its page still does: what is not there yet holds words as well.
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", mark);
  else mark();
})();
