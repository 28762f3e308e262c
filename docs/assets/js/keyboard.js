/* For who uses no pointer: only what scrolls is a stop, and the theme's labels, which open the menu, answer to keys. */
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

  const drawer = document.getElementById("__drawer");
  const menu = document.querySelector(".md-header__button[for=__drawer]");
  const labels = [menu, ...document.querySelectorAll(".md-sidebar--primary label[for]")].filter(Boolean);
  const say = () => labels.forEach((label) => {
    label.setAttribute("aria-expanded", String(document.getElementById(label.htmlFor).checked));
  });
  const intoMenu = () => [...document.querySelectorAll(".md-sidebar--primary :is(a, label)")]
    .find((each) => each.checkVisibility({ visibilityProperty: true }))?.focus();
  for (const label of labels) {
    label.tabIndex = 0;
    label.setAttribute("role", "button");
    label.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation(); // the theme's own answer to Enter would undo this one
      label.click();
      if (label === menu && drawer.checked) setTimeout(intoMenu, 300); // it slides in
    });
  }
  if (menu) menu.setAttribute("aria-label", "Menu");
  document.addEventListener("change", say);
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !drawer?.checked) return;
    drawer.click();
    menu?.focus();
  });
  say();
})();
