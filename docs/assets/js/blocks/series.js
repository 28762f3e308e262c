// The two folds below the header on a narrow screen: they lie over the text, so what was chosen, a tap beside them and Escape close them.
addEventListener("click", (event) => {
  for (const fold of document.querySelectorAll(".series-bar > details[open]")) {
    if (!fold.contains(event.target) || event.target.closest("a")) fold.open = false;
  }
});
addEventListener("keydown", (event) => {
  const fold = event.key === "Escape" && document.querySelector(".series-bar > details[open]");
  if (!fold) return;
  fold.open = false;
  fold.querySelector("summary").focus();
});
