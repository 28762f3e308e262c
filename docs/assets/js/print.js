/* Before a page is printed: the light scheme, and text that is folded on the screen opened. All as it was afterwards.
   Folded code, call paths and cards of evidence stay closed: print.css makes each a line with its address. */
(() => {
  "use strict";

  let opened = [];
  let scheme = "";

  addEventListener("beforeprint", () => {
    scheme = document.body.dataset.mdColorScheme || "";
    if (scheme) document.body.dataset.mdColorScheme = "default";
    opened = [...document.querySelectorAll("details:not([open])")].filter((fold) => fold.querySelector(":scope > .fold-body, :scope > p"));
    opened.forEach((fold) => { fold.open = true; });
  });
  addEventListener("afterprint", () => {
    opened.forEach((fold) => { fold.open = false; });
    if (scheme) document.body.dataset.mdColorScheme = scheme;
  });
})();
