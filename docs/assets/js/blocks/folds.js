/* Folds: a link to something inside a closed fold opens it. Current browsers do that themselves when the address changes;
   this is for those that do not, and for a link that is followed a second time. A result's line opens to the card that
   stands in Evidence. Without it every fold opens by hand, and a line leads to its card. */
(() => {
  "use strict";

  const target = (hash) => {
    try {
      return hash.length > 1 ? document.getElementById(decodeURIComponent(hash.slice(1))) : null;
    } catch {
      return null; // a fragment that is no text
    }
  };

  /** Opens every fold around what the fragment names, outermost first; true if one was closed. */
  function open(hash) {
    const folds = [];
    for (let fold = target(hash)?.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      if (!fold.open) folds.unshift(fold);
    }
    folds.forEach((fold) => { fold.open = true; });
    return folds.length > 0;
  }

  /** Below a result's line: the claim's card, which the page holds once, in Evidence. */
  function fill(line) {
    const short = line.querySelector(":scope > .claim-in-line");
    const whole = short && !("whole" in short.dataset) && target(short.querySelector(".claim-to > a").hash);
    if (!whole) return;
    short.dataset.whole = "";
    const card = whole.cloneNode(true);
    for (const each of card.querySelectorAll("[id]")) each.removeAttribute("id");
    short.replaceChildren(short.querySelector(".claim-to"), ...card.childNodes);
  }
  const isLine = (fold) => fold?.matches?.("details.result");
  // Before the click opens it, so that it is never seen short; the other is for what opens by itself.
  addEventListener("click", (event) => {
    const fold = event.target.closest?.("summary")?.parentElement;
    if (isLine(fold)) fill(fold);
  }, true);
  addEventListener("toggle", (event) => { if (isLine(event.target) && event.target.open) fill(event.target); }, true);

  const follow = () => { if (open(location.hash)) target(location.hash).scrollIntoView(); };

  addEventListener("hashchange", follow);
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href*='#']");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const here = link.origin === location.origin && link.pathname === location.pathname && link.search === location.search;
    if (here) open(link.hash); // the browser scrolls there afterwards
  });
  follow();
  // With Material's instant navigation a page arrives without a load event.
  window.document$?.subscribe(follow);
})();
