/* The keyboard: single letters on rows and cases; dead in fields, and off when the person switched them off. */
(() => {
  "use strict";
  const { $, $$, neighbour } = window.allears;
  const on = document.body.dataset.shortcuts === "on";
  const rows = () => $$(".row[data-alert-id], .row[data-mention-id]");
  const at = () => $(".row.at");

  /* To the next row; on the page of a case to the next case of the list one came from. */
  function move(step) {
    const all = rows();
    if (!all.length) {
      const next = neighbour(step);
      if (next) location.assign(next);
      return;
    }
    const now = all.indexOf(at());
    const next = all[Math.min(all.length - 1, Math.max(0, now < 0 ? 0 : now + step))];
    at()?.classList.remove("at");
    next.classList.add("at");
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  /* Press a bulk button for the selected rows, else for the row we stand on. */
  function bulk(action) {
    const form = $("[data-bulk]");
    const button = form?.querySelector(`button[value="${action}"]`);
    if (!button) return;
    if (!$$("[data-pick]:checked").length) {
      const box = at() && $("[data-pick]", at());
      if (!box) return;
      box.checked = true;
    }
    form.requestSubmit(button);
  }

  function pressed(key) {
    const target = $(`[data-key="${key}"]`);
    if (!target) return false;
    if (target.matches("button, a")) target.click();
    else target.focus();
    return true;
  }

  const acts = {
    j: () => move(1),
    k: () => move(-1),
    o: () => at() && $(".rowlink", at())?.click(),
    x: () => at() && $("[data-pick]", at())?.click(),
    a: () => pressed("a") || bulk("assign"),
    e: () => pressed("e") || bulk("resolve"),
    r: () => pressed("r"),
    n: () => pressed("n"),
    u: () => $("[data-back]")?.click(),
    s: () => $("[data-use]")?.click(),
    "/": () => ($("[data-search]") ? $("[data-search]").focus() : $("[data-nav=search]")?.click()),
    "?": () => $("#help")?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (field) {
      if (event.key === "Escape") field.blur();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && field.matches("[data-reply]")) $("[data-send]")?.click();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || $("dialog[open]")) return;
    if (event.key === "Enter" && event.target.matches(".row")) { acts.o(); return; }
    if (!on) return;
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
