/* What every page shares: asking the server for fragments, messages, live rows, bulk selection. Every action also
   works as a plain form; this file only saves page loads. */
(() => {
  "use strict";
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const token = document.body.dataset.csrf;

  /* Ask for a fragment. Answers {status, text, headers}; a network failure is status 0. */
  async function ask(url, form) {
    const headers = { "X-Fragment": "1", "X-CSRF-Token": token };
    const options = form ? { method: "POST", body: form, headers } : { headers };
    try {
      const answer = await fetch(url, { credentials: "same-origin", ...options });
      return { status: answer.status, text: answer.status === 204 ? "" : await answer.text(), headers: answer.headers, url: answer.url };
    } catch {
      return { status: 0, text: document.body.dataset.lost };
    }
  }

  /* Turn an answer into its first element. The text comes from our own server, already escaped. */
  function element(text) {
    const box = document.createElement("template");
    box.innerHTML = text.trim();
    return box.content.firstElementChild;
  }

  function toast(text, tone = "good", seconds = 6) {
    const box = document.createElement("div");
    box.className = `message ${tone}`;
    const words = document.createElement("span");
    words.textContent = text;
    box.append(words);
    $("#toasts").append(box);
    setTimeout(() => box.remove(), seconds * 1000);
  }

  /* Run `step` every `seconds` while the page is visible; it slows down while the server does not answer. */
  function poll(seconds, step) {
    let wait = seconds;
    const again = async () => {
      if (!document.hidden) {
        const result = await step();
        if (result === "stop") return;
        wait = result === "slow" ? Math.min(wait * 2, 60) : seconds;
      }
      setTimeout(again, wait * 1000);
    };
    setTimeout(again, seconds * 1000);
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) event.target.closest("[data-message], .message").remove();
    if (event.target.closest("[data-help]")) $("#help").showModal();
    for (const open of $$(".drop[open]")) if (!open.contains(event.target)) open.open = false;
  });
  /* A button that shows its answer in place: the form stays as it is, typed secrets included. */
  document.addEventListener("submit", async (event) => {
    const button = event.submitter;
    const into = button?.dataset.into && $(button.dataset.into);
    if (!into) return;
    event.preventDefault();
    button.disabled = true;
    const answer = await ask(button.formAction, new FormData(event.target));
    button.disabled = false;
    if (answer.headers?.get("Content-Type")?.startsWith("text/html")) into.innerHTML = answer.text;
    else toast(answer.text, "bad", 20);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });
  /* A filter that is not set has no place in the address. */
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "get") return;
    for (const field of event.target.elements) if (field.name && !field.value) field.disabled = true;
  });
  addEventListener("pageshow", () => { for (const field of $$("form[method=get] [disabled]")) field.disabled = false; });

  /* Relative times and the SLA clock age: the server words them, so ask for the list again now and then. */
  const inbox = $("[data-inbox]");
  const plural = (node, n) => (n === 1 ? node.dataset.one : node.dataset.many.replace("{n}", n));
  const idsOf = (within) => $$("[data-alert-id]", within).map((row) => row.dataset.alertId);
  let waiting = null;

  function busy(list) {
    return scrollY > 80 || list.contains(document.activeElement) || $$("[data-pick]:checked", list).length > 0 || $(".row.at", list);
  }

  function swap(list) {
    const known = new Set(idsOf(list));
    const at = $(".row.at", list)?.dataset.alertId;
    for (const row of $$("[data-alert-id]", waiting)) {
      if (!known.has(row.dataset.alertId)) row.classList.add("fresh");
      if (row.dataset.alertId === at) row.classList.add("at");
    }
    list.replaceWith(waiting);
    waiting = null;
    inbox.dispatchEvent(new Event("swapped"));
    $("[data-newbar]").hidden = true;
    picked();
  }

  async function refresh() {
    const list = $("[data-list]");
    const since = (waiting || list).dataset.since;
    const answer = await ask(`${inbox.dataset.changes}${inbox.dataset.changes.includes("?") ? "&" : "?"}since=${since}`);
    if (answer.status === 401) { toast(answer.text, "bad", 60); return "stop"; }
    if (answer.status !== 200 && answer.status !== 204) return "slow";
    if (answer.status === 204) return "ok";
    waiting = element(answer.text);
    if (!busy(list)) { swap(list); return "ok"; }
    const known = new Set(idsOf(list));
    const fresh = idsOf(waiting).filter((id) => !known.has(id)).length;
    const bar = $("[data-newbar]");
    bar.textContent = plural(bar, fresh);
    bar.hidden = fresh === 0;
    return "ok";
  }

  function picked() {
    const boxes = $$("[data-pick]");
    const chosen = boxes.filter((box) => box.checked).length;
    const all = $("[data-pick-all]");
    const words = $("[data-picked]");
    words.dataset.none ??= words.textContent;
    words.textContent = chosen ? plural(words, chosen) : words.dataset.none;
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
    $("[data-bulk]").classList.toggle("picking", chosen > 0);
  }

  if (inbox) {
    if (inbox.dataset.changes) poll(4, refresh);
    inbox.addEventListener("change", (event) => {
      if (event.target.matches("[data-pick-all]")) for (const box of $$("[data-pick]")) box.checked = event.target.checked;
      if (event.target.matches("[data-pick], [data-pick-all]")) picked();
    });
    $("[data-newbar]")?.addEventListener("click", () => {
      scrollTo({ top: 0 });
      if (waiting) swap($("[data-list]"));
    });
    if ($("[data-bulk]")) picked();
  }

  window.allears = { $, $$, ask, element, toast, poll, plural };
})();
