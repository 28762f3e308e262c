/* The search dialog: shows what answers while it is typed, and is used by keyboard as by hand. */
(() => {
  "use strict";

  const { index, find, WORD } = siteSearch;
  const KINDS = {
    knob: "Setting", setting: "Setting", term: "Term", symptom: "I see X", metric: "Metric", famous: "Famous number",
    elsewhere: "Not on this site", excerpt: "Code", call: "Call path", result: "Result",
  };

  const element = (tag, name, ...inside) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.append(...inside);
    return made;
  };

  /** A text as nodes, with the words that were found in it marked. */
  function marked(text, found) {
    const nodes = [];
    let from = 0;
    for (const { index: at, 0: piece } of text.matchAll(WORD)) {
      if (!siteSearch.words(piece).some((word) => found.has(word))) continue;
      nodes.push(text.slice(from, at), element("mark", "", piece));
      from = at + piece.length;
    }
    return [...nodes, text.slice(from)];
  }

  /** "Setting · Post 2: The scheduler loop". */
  function place({ kind, page, anchor }) {
    const [, post] = page.url.match(/^posts\/(\d+)/) ?? [];
    const title = page.of.split(":")[0];
    const on = post ? `Post ${+post}` + (anchor && `: ${title}`) : anchor && title;
    return [...new Set([KINDS[kind], on])].filter(Boolean).join(" · ");
  }

  function result({ unit, found }, root, asked) {
    const words = new Set(found);
    const url = new URL(unit.page.url || ".", root);
    url.search = `?h=${encodeURIComponent(asked).replace(/%20/g, "+")}`;
    url.hash = unit.anchor;
    const link = element(
      "a", "",
      element("span", "search-title", ...marked(unit.title, words)),
      element("span", "search-names", ...marked(unit.names.filter((name) => /[-_:]/.test(name)).join("  "), words)),
      element("span", "search-text", ...marked(unit.text, words)),
      element("span", "search-place", place(unit)),
    );
    link.href = url.href;
    link.dataset.place = unit.page.url + (unit.anchor && `#${unit.anchor}`);
    return element("li", "", link);
  }

  /** Makes the dialog answer from the index at `address`; the site's root is the folder above its own. */
  siteSearch.start = async (dialog, address) => {
    const [field, list, count] = ["input", "ol", "[role=status]"].map((part) => dialog.querySelector(part));
    const root = new URL("../", address);
    const links = () => [...list.querySelectorAll("a")];
    let site;

    function answer() {
      const asked = field.value.trim();
      if (!site || !asked) {
        list.replaceChildren();
        count.textContent = "";
        return;
      }
      const { answers, total, instead } = find(site, asked);
      list.replaceChildren(...answers.map((each) => result(each, root, [asked, ...instead].join(" "))));
      list.scrollTop = 0;
      if (total) {
        const cut = total > answers.length ? `${answers.length} best of ` : "";
        count.textContent = `${cut}${total} ${total === 1 ? "result" : "results"}` + (instead.length ? `, also for ${instead.join(", ")}` : "");
      } else {
        const left = element("a", "", "What is not on this site");
        left.href = new URL("reference/elsewhere/", root).href;
        count.replaceChildren(`Nothing here has “${asked}”. `, left, " names what else is documented where.");
      }
    }

    function move(step) {
      const stops = [field, ...links()];
      const at = stops.indexOf(document.activeElement);
      stops[Math.min(Math.max(at + step, 0), stops.length - 1)].focus();
    }

    field.addEventListener("input", answer);
    dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      links()[0]?.click();
    });
    dialog.querySelector(".search-close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest(".search-results a")) dialog.close();
    });
    dialog.addEventListener("keydown", (event) => {
      event.stopPropagation(); // no letter typed here is a shortcut of the page
      if (event.key === "Escape") {
        event.preventDefault(); // which would only empty the field
        dialog.close();
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        move(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.target !== field && event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey) {
        field.focus(); // and the letter is typed there
      }
    });

    count.textContent = "Loading";
    const reply = await fetch(address);
    if (!reply.ok) throw new Error(reply.statusText);
    site = index(await reply.json());
    count.textContent = "";
    answer();
  };
})();
