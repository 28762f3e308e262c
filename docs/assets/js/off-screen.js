/* What off-screen.css leaves for later, with a guess of its height, is laid out once the page has loaded, a block at a
   time while the browser idles. From then on a jump, a Tab or a click finds a thing where it stays; until then a block
   that comes near takes its true height, and pushes away what stands below it. */
(() => {
  "use strict";

  const CHANGES = "contentvisibilityautostatechange";
  const LATE = ".excerpt, .path, .picture, .pseudo, .replay, .steps, .table-scroll, .ledger-scroll ~ .ledger-scroll, .symptom, .jp-Cell:nth-child(n + 6)"; // off-screen.css
  const idle = globalThis.requestIdleCallback ?? ((then) => setTimeout(then, 50));
  // In a browser that does not hold the text in view, what grows above it would push it away.
  const held = CSS.supports("overflow-anchor", "auto");

  function layOut(block) {
    if (!held && block.getBoundingClientRect().top < 0) return;
    block.style.contentVisibility = "visible";
    block.offsetHeight; // at once, or one frame would lay out all blocks
    block.dispatchEvent(new Event(CHANGES)); // the browser says nothing of it
  }

  addEventListener("load", () => {
    for (const block of document.querySelectorAll(LATE)) {
      if (!block.closest("details:not([open])")) idle(() => layOut(block));
    }
    // In a fold: when it opens.
    addEventListener(CHANGES, (event) => { if (event.skipped) idle(() => layOut(event.target)); }, true);
  });
})();
