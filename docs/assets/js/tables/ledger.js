// The ledger's filter: a text field and a choice of states above tables that are complete without it.
(function () {
  "use strict";

  function setUp(ledger) {
    var bar = ledger.querySelector(".ledger-filter");
    if (!bar || bar.dataset.ready) return;
    bar.dataset.ready = "1";
    var rows = Array.prototype.slice.call(ledger.querySelectorAll("tbody tr[data-state]"));
    var states = rows.map(function (row) { return row.dataset.state; });

    var text = document.createElement("input");
    text.type = "search";
    var state = document.createElement("select");
    [""].concat(Array.from(new Set(states)).sort()).forEach(function (name) {
      var option = document.createElement("option");
      option.value = name;
      option.textContent = name || "any state";
      state.append(option);
    });
    var count = document.createElement("output");
    count.setAttribute("aria-live", "polite");
    bar.append(labelled("Find", text), labelled("State", state), count);
    bar.hidden = false;

    function labelled(name, field) {
      var label = document.createElement("label");
      label.append(name + " ", field);
      return label;
    }

    function apply() {
      var wanted = text.value.trim().toLowerCase();
      var shown = 0;
      rows.forEach(function (row) {
        var fits = (!state.value || row.dataset.state === state.value) &&
          (!wanted || row.textContent.toLowerCase().indexOf(wanted) >= 0);
        row.hidden = !fits;
        if (fits) shown += 1;
      });
      ledger.querySelectorAll(".ledger-scroll").forEach(function (part) {
        part.hidden = !part.querySelector("tbody tr:not([hidden])");
      });
      count.textContent = shown + " of " + rows.length;
    }

    text.addEventListener("input", apply);
    state.addEventListener("change", apply);
    // A link to a row that the filter hides would lead nowhere.
    window.addEventListener("hashchange", function () {
      var row = location.hash && document.getElementById(location.hash.slice(1));
      if (row && row.hidden) { text.value = ""; state.value = ""; apply(); row.scrollIntoView(); }
    });
    apply();
  }

  function all() { document.querySelectorAll(".ledger").forEach(setUp); }
  // Material swaps pages without loading them; its document$ says when.
  if (window.document$) window.document$.subscribe(all);
  else if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", all);
  else all();
})();
