/* "Copy as Markdown": the page's twin, fetched from beside it, goes to the clipboard. Without a clipboard, as on a page
   that did not come over TLS, the buttons stay hidden and the link to the twin remains. */
(() => {
  const arm = () => {
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll("[data-copy-page]")) {
      button.hidden = false;
      if (button.dataset.armed) continue;
      button.dataset.armed = "yes";
      button.addEventListener("click", () => copy(button));
    }
  };
  const copy = async (button) => {
    // Safari takes a promise, and nothing that comes after waiting for one.
    const text = fetch(new URL(button.dataset.copyPage, location.href)).then((answer) => {
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.text();
    });
    let said = "Copied";
    try {
      if (window.ClipboardItem) {
        const blob = text.then((words) => new Blob([words], { type: "text/plain" }));
        await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
      } else await navigator.clipboard.writeText(await text);
    } catch {
      said = "Not copied: follow the link beside this button";
    }
    tell(button, said);
  };
  const tell = (button, said) => {
    let status = document.getElementById("copy-page-said");
    if (!status) {
      status = document.createElement("span");
      status.id = "copy-page-said";
      status.setAttribute("role", "status");
      document.body.append(status);
    }
    status.textContent = said;
    status.dataset.shown = "yes";
    setTimeout(() => { status.dataset.shown = ""; }, 2500);
  };
  arm();
})();
