// Terms of the glossary, explained in place: on hover, on focus and by tap, and in the margin where a wide screen has one free.
// Without this script a term is a link to its entry.
(() => {
  const data = document.getElementById("terms");
  if (!data) return;
  const definitions = JSON.parse(data.textContent);
  const links = [...document.querySelectorAll("a.term")];
  const anchor = (link) => link.hash.slice(1);
  const note = document.createElement("div");
  note.className = "term-note";
  note.id = "term-note";
  note.setAttribute("role", "tooltip");
  note.hidden = true;
  let shown = null, waiting = 0, touched = false;

  const hide = () => {
    clearTimeout(waiting);
    shown?.removeAttribute("aria-describedby");
    shown = null;
    note.hidden = true;
  };
  const show = (link) => {
    clearTimeout(waiting);
    if (shown === link || link.dataset.beside) return;
    hide();
    shown = link;
    note.innerHTML = definitions[anchor(link)];
    if (touched) note.insertAdjacentHTML("beforeend", ` <a href="${link.href}">Glossary</a>`);
    document.body.append(note);
    note.hidden = false;
    link.setAttribute("aria-describedby", note.id);
    const box = link.getBoundingClientRect(), edge = document.documentElement.clientWidth - note.offsetWidth - 8;
    const above = box.bottom + note.offsetHeight + 8 > innerHeight && box.top > note.offsetHeight + 60;
    note.style.left = `${Math.max(8, Math.min(box.left, edge)) + scrollX}px`;
    note.style.top = `${(above ? box.top - note.offsetHeight - 4 : box.bottom + 4) + scrollY}px`;
  };
  const later = (what, delay) => {
    clearTimeout(waiting);
    waiting = setTimeout(what, delay);
  };
  addEventListener("pointerdown", (event) => {
    touched = event.pointerType === "touch";
    if (shown && !event.target.closest("a.term, .term-note")) hide();
  });
  addEventListener("keydown", (event) => event.key === "Escape" && hide());
  for (const link of links) {
    link.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && later(() => show(link), 150));
    link.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && later(hide, 250));
    link.addEventListener("focus", () => !touched && show(link));
    link.addEventListener("blur", () => !touched && hide());
    link.addEventListener("click", (event) => {
      if (!touched || shown === link || link.dataset.beside) return;
      event.preventDefault(); // the first tap explains
      show(link);
    });
  }
  // What is shown stays while the pointer is on it, so that it can be read and its text marked.
  note.addEventListener("pointerenter", () => clearTimeout(waiting));
  note.addEventListener("pointerleave", () => later(hide, 250));

  // Beside the text: only where nothing that is wider than the text, and no other note, stands in the way.
  const wide = matchMedia("(min-width: 76.25em)");
  const isText = (block) => block?.matches("p, ul, ol, h2, h3, h4, details.result:not([open])");
  const place = () => {
    document.querySelectorAll(".term-beside").forEach((beside) => beside.remove());
    links.forEach((link) => delete link.dataset.beside);
    if (!wide.matches) return;
    const tried = [];
    for (const link of links) {
      const block = link.closest(".md-content__inner > :is(p, ul, ol)");
      if (!block || tried.some((other) => other.name === anchor(link))) continue;
      const beside = document.createElement("small");
      beside.className = "term-beside";
      beside.id = `beside-${anchor(link)}`;
      beside.innerHTML = `<b>${link.textContent}</b> ${definitions[anchor(link)]}`;
      const host = block.matches("p") ? block : link.closest("li"); // a list holds items alone
      host.append(beside);
      tried.push({ link, block, host, beside, name: anchor(link) });
    }
    let free = -Infinity;
    for (const one of tried) {
      let last = one.block;
      while (isText(last.nextElementSibling)) last = last.nextElementSibling;
      one.at = one.link.getClientRects()[0].top;
      one.from = one.host.getBoundingClientRect().top;
      one.end = last.getBoundingClientRect().bottom;
      one.height = one.beside.offsetHeight;
    }
    for (const one of tried) {
      const top = Math.max(one.at, free);
      if (top - one.at > 130 || top + one.height > one.end + 8) {
        one.beside.remove();
        continue;
      }
      free = top + one.height + 12;
      one.beside.style.top = `${top - one.from}px`;
      one.link.dataset.beside = "";
      one.link.setAttribute("aria-describedby", one.beside.id);
    }
  };
  const soon = () => (window.requestIdleCallback ?? setTimeout)(place);
  if (document.readyState === "complete") soon();
  else addEventListener("load", soon);
  wide.addEventListener("change", place);
  let resizing = 0;
  addEventListener("resize", () => {
    hide();
    clearTimeout(resizing);
    resizing = setTimeout(place, 200);
  });
  document.addEventListener("toggle", (event) => event.target.matches?.("details.result") && place(), true);
})();
