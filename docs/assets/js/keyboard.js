/* For who uses no pointer: only what scrolls is a stop, and the theme's menu opens by keys. */
(() => {
  "use strict";

  const BOXES = ":is(.excerpt-code, .table-scroll, .ledger-scroll, .figure-scroll, .claim-figure, .claim-table, .picture-box, .steps-scroll, .md-typeset pre)[tabindex]";
  const WAS = "data-scrolls";
  let stale = true;

  /** Takes boxes that do not scroll out of the order of stops. Read at the first Tab, so that it costs nobody else anything. */
  function measure() {
    stale = false;
    const boxes = [...document.querySelectorAll(`${BOXES}, [${WAS}]`)].filter((box) => box !== document.activeElement);
    const states = boxes.map((box) => !box.clientWidth || box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1);
    boxes.forEach((box, at) => {
      box.setAttribute(WAS, "");
      if (states[at]) box.setAttribute("tabindex", "0"); else box.removeAttribute("tabindex");
    });
  }
  for (const type of ["toggle", "resize", "click"]) addEventListener(type, () => { stale = true; }, true);
  addEventListener("keydown", (event) => { if (event.key === "Tab" && stale) measure(); }, true);

  // What holds the theme's button to copy code calls itself navigation, and as many of them as a page has code bear no name.
  const unnamed = (nodes) => {
    for (const node of nodes) if (node.matches?.("nav.md-code__nav")) node.setAttribute("role", "none");
  };
  const added = new MutationObserver((records) => records.forEach((record) => unnamed(record.addedNodes)));
  for (const code of document.querySelectorAll("pre > code")) {
    unnamed(code.parentElement.children);
    added.observe(code.parentElement, { childList: true });
  }

  // The theme opens its menu by a label, which no key reaches; a button takes its place.
  const drawer = document.getElementById("__drawer");
  const label = document.querySelector(".md-header__button[for=__drawer]");
  if (!drawer || !label) return;
  const menu = document.createElement("button");
  menu.type = "button";
  menu.className = `${label.className} menu-open`;
  menu.setAttribute("aria-label", "Menu");
  menu.append(...label.childNodes);
  label.replaceWith(menu);
  const say = () => menu.setAttribute("aria-expanded", String(drawer.checked));
  const into = () => [...document.querySelectorAll(".md-sidebar--primary :is(a, label)")]
    .find((each) => each.checkVisibility({ visibilityProperty: true }))?.focus();
  menu.addEventListener("click", (event) => {
    drawer.click();
    if (drawer.checked && !event.detail) setTimeout(into, 300); // by a key; it slides in
  });
  drawer.addEventListener("change", say);
  say();

  // The parts of the menu are labels as well; these stay, for the theme answers to Enter on them.
  for (const each of document.querySelectorAll(".md-sidebar--primary label[for]")) {
    each.tabIndex = 0;
    each.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      each.click();
    });
  }
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !drawer.checked) return;
    drawer.click();
    menu.focus();
  });
})();
