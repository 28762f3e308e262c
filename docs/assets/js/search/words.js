/* Words as the search counts them, alike for what is indexed and for what is typed. Flags, metrics and names of functions are
   one word and also their parts, so that they are found however they are pasted: --max-num-seqs, max_num_seqs, num_preemptions. */
(() => {
  "use strict";

  const siteSearch = (globalThis.siteSearch ??= {});

  const SMALL =
    "a an the of in on to and or is are be was were it its that this these those as at by for with from than then so if what " +
    "which how when where who why does do did has have had can may i my me we you your s there though";
  const WORD = /[\p{L}\p{N}_]+(?:[-.:/'’][\p{L}\p{N}_]+)*/gu;
  const CAMEL = /(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/u;

  /** A word without its ending, so that preempted, preempting and preemptions are preempt. Both sides lose the same. */
  function stem(word) {
    if (word.length < 4 || /[\d_]/.test(word)) return word;
    let bare = word.replace(/(?<=..)ies$/, "y").replace(/(?<=[^su])s$/, "");
    if (bare.length > 6) bare = bare.replace(/(?:ations?|ions?|ings?)$/, "");
    if (bare.length > 5) bare = bare.replace(/(?<=[^e])ed$/, "");
    if (bare.length > 4) bare = bare.replace(/e$/, "");
    return bare;
  }

  const stems = new Map(); // a word comes a hundred times
  function stemmed(word) {
    let bare = stems.get(word);
    if (bare === undefined) stems.set(word, (bare = stem(word)));
    return bare;
  }

  const STOP = new Set(SMALL.split(" ").flatMap((word) => [word, stem(word)]));

  /** The words of a text in order, stems of plain ones; names of several parts are joined by "_". `each` is told every
      word as it stands there, in lower case. */
  function words(text, each = () => {}) {
    const found = [];
    const add = (word, whole) => {
      const low = word.toLowerCase();
      each(low);
      found.push(whole ? low : stemmed(low));
    };
    for (const [piece] of text.normalize("NFKC").replace(/\bpre-empt/gi, "preempt").matchAll(WORD)) {
      const name = piece.replace(/['’]s$/, "").replace(/['’]/g, "");
      const parts = name.split(/[-._:/]+/).filter(Boolean);
      if (parts.length > 1) {
        add(parts.join("_"), true);
        const last = name.split(/[.:/]/).at(-1).split(/[-_]+/).filter(Boolean);
        if (last.length > 1 && last.length < parts.length) add(last.join("_"), true); // vllm:num_preemptions_total, without vllm
      }
      for (const part of parts) {
        const humps = /[A-Z]./.test(part) ? part.split(CAMEL) : [part];
        if (humps.length > 1) add(part, true);
        for (const hump of humps) add(hump, false);
      }
    }
    return found;
  }

  Object.assign(siteSearch, { words, stem, STOP, WORD });
})();
