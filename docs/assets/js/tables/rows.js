/* Where a table's rows are boxes below each other, its parts are no table to some browsers any more, unless their roles say so.
   In the markup they would be said twice, and forbidden there; so they are set for as long as the screen is narrow. */
(() => {
  "use strict";

  const ROLES = { table: "table", thead: "rowgroup", tbody: "rowgroup", tr: "row", td: "cell", "thead th": "columnheader", "tbody th": "rowheader" };
  const WIDTHS = [["59.9375em", "table.rows-table"], ["44.9375em", "table.boxes"]];

  for (const [width, tables] of WIDTHS) {
    const narrow = matchMedia(`screen and (max-width: ${width})`);
    const say = () => document.querySelectorAll(tables).forEach((table) => {
      for (const [part, role] of Object.entries(ROLES)) {
        const parts = part === "table" ? [table] : table.querySelectorAll(`:scope ${part}`);
        parts.forEach((each) => { if (narrow.matches) each.setAttribute("role", role); else each.removeAttribute("role"); });
      }
    });
    narrow.addEventListener("change", say);
    if (narrow.matches) say();
  }
})();
