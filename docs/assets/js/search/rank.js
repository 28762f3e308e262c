/* Which units of the site answer a query, best first. MiniSearch finds and weighs words; here is what it cannot know: which
   kinds of units answer better, what an exact name is worth, and what was meant by a word with a letter wrong. */
(() => {
  "use strict";

  const siteSearch = (globalThis.siteSearch ??= {});
  const { words, stem, STOP } = siteSearch;

  // A row, a term or a symptom is an answer; a passage is one that has to be read.
  const WORTH = {
    term: 1.7, symptom: 1.5, knob: 1.6, elsewhere: 1.6, metric: 1.6, post: 1.5, page: 1.2, section: 1.1, famous: 0.8, excerpt: 0.9,
    setting: 0.8, call: 0.75, result: 0.7, row: 0.7, experiment: 0.8, notes: 0.5, aside: 0.45,
  };
  const CODE = new Set(["excerpt", "call"]); // their titles are names of functions
  const FIELDS = { title: 5, names: 4, parts: 2, of: 2, text: 1 };
  const SHOWN = 30;
  const LEAST = 0.02; // of the best answer's score: what is less has a word or two by chance
  const FLAG = /^\s*--?[a-z]/i;
  const FUNCTION = /^\s*_[a-z]|\w\(\)\s*$/i;
  const MEANING = /^\s*(?:what(?:'s| is| are| does)|define|meaning of)\b/i;

  const plain = (text) => words(text).filter((word) => !STOP.has(word) && !word.includes("_")).join(" ");

  /** What a field says of a unit. A name is looked for whole, and its parts count less. */
  function says(unit, field) {
    const names = CODE.has(unit.kind) ? [unit.title] : unit.names;
    if (field === "names") return names.filter((name) => /[-_:.]./.test(name)).join("\n");
    if (field === "parts") return names.join("\n");
    if (field === "title" && CODE.has(unit.kind)) return "";
    if (field === "of") return unit.kind === "section" ? unit.page.of : "";
    return field === "text" ? `${unit.text}\n${unit.more}` : unit[field];
  }

  /** The units of the index file, ready to be asked. */
  function index(data) {
    const units = data.title.map((title, id) => {
      const [text, more = ""] = data.text[id].split("\n");
      const of = { kind: data.kinds[data.kind[id]], page: data.pages[data.page[id]], anchor: data.anchor[id] };
      return { id, title, text, more, names: data.names[id], ...of };
    });
    const known = new Map(); // every word as it stands in a text -> how often
    const engine = new MiniSearch({
      fields: Object.keys(FIELDS),
      extractField: (unit, field) => (field === "id" ? unit.id : says(unit, field)),
      tokenize: (text, field) => {
        const found = words(text, (word) => known.set(word, (known.get(word) ?? 0) + 1));
        return field === "names" ? found.filter((word) => word.includes("_")) : found;
      },
      processTerm: (term) => (STOP.has(term) ? null : term),
    });
    engine.addAll(units);
    for (const page of data.pages) page.plain = plain(page.of);
    for (const unit of units) {
      unit.plain = plain(unit.title);
      const short = unit.title.match(/^(.+) \((\w+)\)$/); // Time to first token (TTFT)
      unit.called = new Set([unit.title, ...(short?.slice(1) ?? []), ...unit.names].map(plain));
    }
    return { units, engine, known };
  }

  /** Whether two words are a letter apart: one wrong, one too many, one too few, or two that changed places. */
  function near(one, other) {
    if (Math.abs(one.length - other.length) > 1 || one === other) return one === other;
    let from = 0;
    while (one[from] === other[from]) from += 1;
    const [a, b] = [one.slice(from), other.slice(from)];
    return a.slice(1) === b.slice(1) || a.slice(1) === b || a === b.slice(1) || (a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2));
  }

  /** The words of the site that a word which is none of them may have meant, the most common first. */
  function meant(word, known) {
    if (word.length < 4) return [];
    const close = [...known].filter(([each]) => each[0] === word[0] && near(word, each));
    return close.sort((one, other) => other[1] - one[1]).slice(0, 2).map(([each]) => each);
  }

  /** Whether a query names a part and the page it is of, in whatever order: "chunked prefill off" is "What does off do?". */
  function isPart(unit, said) {
    const [asked, title, page] = [said, unit.plain, unit.page.plain].map((text) => text.split(" "));
    return unit.kind === "section" && title.every((word) => asked.includes(word)) && asked.every((word) => title.includes(word) || page.includes(word));
  }

  /** The terms to look for, [[term, ...others that would do], ...], without small words unless there is nothing else; and
      `instead`, the words that these others are. */
  function terms(query, known) {
    const all = new Map();
    const instead = [];
    words(query, (raw) => {
      const term = stem(raw);
      const begun = known.has(raw) || [...known.keys()].some((word) => word.startsWith(term));
      if (all.has(term)) return;
      const others = begun ? [] : meant(raw, known);
      instead.push(...others.slice(0, 1));
      all.set(term, others.map(stem));
    });
    const some = [...all].filter(([term]) => !STOP.has(term));
    return { wanted: (some.length ? some : [...all]).map(([term, others]) => [term, ...others]), instead };
  }

  /** {answers, total, instead}: the units that answer, best first, as {unit, score, found}, `found` being the words that were
      found in it; how many there are; and the words that were looked for besides, because one typed is none of the site. */
  function find({ units, engine, known }, query) {
    const { wanted, instead } = terms(query, known);
    if (!wanted.length) return { answers: [], total: 0, instead };
    const results = engine.search(query, {
      tokenize: () => wanted.flat(),
      prefix: (term) => term.length > 2,
      weights: { prefix: 0.4, fuzzy: 0 },
      boost: FIELDS,
      boostDocument: (id) => WORTH[units[id].kind],
      bm25: { k: 1.2, b: 0.6, d: 0.5 },
    });
    const said = wanted.map(([term, instead]) => instead ?? term).filter((term) => !term.includes("_")).join(" ");
    for (const result of results) {
      const unit = units[result.id];
      const found = new Set(result.queryTerms);
      result.score *= (wanted.filter((each) => each.some((term) => found.has(term))).length / wanted.length) ** 3;
      if (unit.called.has(said)) result.score *= 3;
      else if (isPart(unit, said)) result.score *= 2.5;
      else if (` ${unit.plain} `.includes(` ${said} `)) result.score *= 1.3;
      if (FLAG.test(query) && (unit.kind === "knob" || unit.kind === "setting")) result.score *= 4;
      if (FUNCTION.test(query) && CODE.has(unit.kind)) result.score *= 3;
      if (MEANING.test(query) && unit.kind === "term" && ` ${said} `.includes(` ${unit.plain} `)) result.score *= 3;
    }
    results.sort((one, other) => other.score - one.score);
    const worth = results.filter((each) => each.score > results[0].score * LEAST);
    const answers = worth.slice(0, SHOWN).map(({ id, score, terms: found }) => ({ unit: units[id], score, found }));
    return { answers, total: worth.length, instead };
  }

  Object.assign(siteSearch, { index, find, near });
})();
