/* Excerpts: copying, notes placed at their lines, their lines lit on hover and focus. A link opens folds by folds.js.
   Everything is readable without this script; it only moves and marks what is on the page already. */
(() => {
  "use strict";

  const lineOf = (figure, number) => document.getElementById(`${figure.id}-L${number}`);
  const linesOf = (figure, note) => {
    const lines = [];
    for (let n = +note.dataset.first; n <= +note.dataset.last; n++) lines.push(lineOf(figure, n));
    return lines.filter(Boolean);
  };
  // A line inside a closed fold has no place; its fold has.
  const seen = (line) => {
    const fold = line.closest(".excerpt-code details");
    return fold && !fold.open ? fold : line;
  };

  /** Puts the notes where there is room: beside their lines, or below them. */
  function place(figure) {
    const body = figure.querySelector(".excerpt-body");
    const code = figure.querySelector(".excerpt-code");
    const notes = figure.notes;
    if (!notes.length) return;
    if (wide(figure)) {
      if (figure.placed !== "beside") {
        notes.forEach((note) => figure.list.append(note));
        body.append(figure.list);
        figure.querySelectorAll(".excerpt-code .excerpt-notes").forEach((list) => list.remove());
        figure.placed = "beside";
      }
      align(figure, code);
    } else {
      notes.forEach((note, index) => {
        note.style.transform = "";
        const list = note.closest(".excerpt-code") ? note.parentElement : document.createElement("ol");
        list.className = "excerpt-notes";
        list.start = index + 1;
        list.append(note);
        const after = seen(lineOf(figure, note.dataset.last));
        // Notes on one line stay in their order.
        let last = after;
        while (last.nextElementSibling?.matches(".excerpt-notes") && last.nextElementSibling !== list &&
               last.nextElementSibling.start <= index) last = last.nextElementSibling;
        if (last.nextElementSibling !== list) last.after(list);
      });
      figure.list.remove();
      figure.placed = "below";
    }
  }

  /** Whether notes stand beside the code: the width at which excerpt.css makes two columns. */
  function wide(figure) {
    const least = 44 * parseFloat(getComputedStyle(document.documentElement).fontSize);
    return innerWidth >= least && figure.clientWidth >= least; // a phone need not measure
  }

  /** Whether placing can wait: a closed fold has no room to measure, and beside the code notes move no line. */
  function waits(figure) {
    const fold = figure.closest("details:not([open])");
    return fold && innerWidth >= 44 * 16 && !figure.contains(targetOf(location.hash));
  }

  function targetOf(hash) {
    try {
      return document.getElementById(decodeURIComponent(hash.slice(1)));
    } catch {
      return null; // a fragment that is no text
    }
  }

  /** Shifts each note to the height of its line, none over another. A transform, so that nothing else moves. */
  function align(figure, code) {
    const notes = figure.notes;
    if (figure.skipped) return;
    notes.forEach((note) => { note.style.transform = ""; });
    const top = code.getBoundingClientRect().top;
    const boxes = notes.map((note) => note.getBoundingClientRect());
    const room = Math.max(code.offsetHeight, boxes[boxes.length - 1].bottom - top);
    const want = notes.map((note) => seen(lineOf(figure, note.dataset.first)).getBoundingClientRect().top - top);
    let free = 0;
    notes.forEach((_, i) => { want[i] = Math.max(want[i], free); free = want[i] + boxes[i].height + 6; });
    let limit = room;
    for (let i = notes.length - 1; i >= 0; i--) {
      want[i] = Math.min(want[i], limit - boxes[i].height);
      limit = want[i] - 6;
    }
    notes.forEach((note, i) => { note.style.transform = `translateY(${Math.round(want[i] - (boxes[i].top - top))}px)`; });
    figure.heights = heights(figure, code);
  }

  /** What the notes' places depend on: the heights of code and notes, which a transform does not change. */
  function heights(figure, code) {
    return [code, ...figure.notes].map((part) => part.offsetHeight).join();
  }

  function light(figure, note, on) {
    note.classList.toggle("is-noted", on);
    linesOf(figure, note).forEach((line) => line.classList.toggle("is-noted", on));
  }

  async function copy(figure, button) {
    const text = [...figure.querySelectorAll(".excerpt-code pre > span")].map((line) => line.textContent).join("");
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without a secure context there is no clipboard object; the older way still works there.
      const area = document.createElement("textarea");
      area.value = text;
      area.style.cssText = "position:fixed;opacity:0";
      document.body.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.textContent = done ? "Copied" : "Failed";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }

  function start(figure) {
    if ("ready" in figure.dataset) return;
    figure.dataset.ready = "";
    figure.list = figure.querySelector(".excerpt-notes") || document.createElement("ol");
    figure.notes = [...figure.list.children];
    // A line's mark and its note light the same lines, by pointer and by keyboard.
    const noteOf = (target) => target.closest?.(".excerpt-notes > li") ||
      (target.closest?.(".excerpt-mark") && document.getElementById(target.closest(".excerpt-mark").hash.slice(1)));
    for (const [type, on] of [["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]]) {
      figure.addEventListener(type, (event) => { const note = noteOf(event.target); if (note) light(figure, note, on); });
    }
    figure.querySelector(".excerpt-code").addEventListener("click", (event) => {
      const line = event.target.closest("pre > span");
      if (!line || event.target.closest("a") || getSelection().toString()) return;
      const number = parseFloat(getComputedStyle(line, "::before").width);
      if (event.clientX < event.currentTarget.getBoundingClientRect().left + number) location.hash = line.id;
    });
    const button = figure.querySelector(".excerpt-copy");
    button.addEventListener("click", () => copy(figure, button));
    figure.addEventListener("toggle", () => place(figure), true);
    figure.closest("details")?.addEventListener("toggle", (event) => { if (event.target.open) place(figure); });
    if (!waits(figure)) {
      // Far from the screen it is not laid out (off-screen.css), and measuring would have it laid out after all: its notes
      // find their height when a reader comes near.
      if ("oncontentvisibilityautostatechange" in figure && innerWidth >= 44 * 16) {
        figure.skipped = figure.getBoundingClientRect().top > 2 * innerHeight;
      }
      place(figure);
    }
    figure.addEventListener("contentvisibilityautostatechange", (event) => {
      figure.skipped = event.skipped;
      if (figure.placed === "beside") align(figure, figure.querySelector(".excerpt-code"));
    });
    const code = figure.querySelector(".excerpt-code");
    let width = 0;
    // A typeface that arrives after a figure was placed changes heights: a note gains a line by it.
    const sizes = new ResizeObserver((entries) => {
      const before = width;
      width = Math.round(entries.find((entry) => entry.target === figure)?.contentRect.width ?? width);
      if (width && width !== before && (before || !figure.placed)) place(figure);
      else if (figure.placed === "beside" && figure.heights !== heights(figure, code)) align(figure, code);
    });
    [figure, code, ...figure.notes].forEach((part) => sizes.observe(part));
  }

  function startAll() {
    document.querySelectorAll("figure.excerpt").forEach(start);
  }

  // A link into a fold that was never open: its notes go to their places before the browser scrolls to one.
  addEventListener("click", (event) => {
    const figure = targetOf(event.target.closest?.("a[href*='#']")?.hash || "")?.closest("figure.excerpt");
    if (figure && "ready" in figure.dataset && !figure.placed) place(figure);
  }, true);
  // Loaded in the head, each figure is prepared as it arrives, before it is painted, so that nothing on it moves.
  if (document.readyState === "loading") {
    const arriving = new MutationObserver(() => {
      document.querySelectorAll("figure.excerpt:not([data-ready])").forEach((figure) => {
        let last = figure;
        while (!last.nextSibling && last.parentElement !== document.body) last = last.parentElement;
        // Something follows, so the parser is done with it. What follows in the body itself a script may have put there.
        if (last.parentElement !== document.body) start(figure);
      });
    });
    arriving.observe(document.documentElement, { childList: true, subtree: true });
    addEventListener("DOMContentLoaded", () => {
      arriving.disconnect();
      startAll();
      // With Material's instant navigation a page arrives without a load event.
      window.document$?.subscribe(startAll);
    });
  } else {
    startAll();
    window.document$?.subscribe(startAll);
  }
})();
