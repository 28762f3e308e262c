/* "report it wrong" on a claim's card: what the card says and the records that it rests on go into the new issue's form.
   Without this the form opens with the claim's id, by which both can be found. */
(() => {
  "use strict";

  const said = (element) => element?.textContent.replace(/\s+/g, " ").trim() || "";

  addEventListener("click", (event) => {
    const link = event.target.closest?.("a.claim-report");
    if (!link || new URL(link.href).searchParams.has("says")) return;
    const card = link.closest(".claim");
    const fold = card.closest("details.claim-fold");
    const verdict = (fold || card).querySelector(".claim-verdict"); // the first is of all hosts
    const host = card.querySelector(".claim-proof:not(.claim-by-host) > summary");
    const records = [...card.querySelectorAll("a[href*='data/records/'], a[href*='data/hosts/']")];
    const url = new URL(link.href);
    url.searchParams.set("says", `${said(card.querySelector(".claim-sentence"))}\nVerdict: ${said(verdict)}. ${said(host)}`);
    url.searchParams.set("records", records.map((each) => each.pathname.replace(/^.*\/data\//, "experiments/")).join("\n"));
    link.href = url;
  }, true);
})();
