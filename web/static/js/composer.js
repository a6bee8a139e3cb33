/* The composer: one server-side check asked after a quiet moment, drafts, sending with an undo bar, presence. */
(() => {
  "use strict";
  const { $, ask, element, toast, poll } = window.allears;
  const QUIET = 200;
  const SAVE = 900;

  function later(milliseconds, act) {
    let timer = 0;
    return () => { clearTimeout(timer); timer = setTimeout(act, milliseconds); };
  }

  function wire() {
    const composer = $("[data-composer]");
    const field = composer && $("[data-reply]", composer);
    if (!field) return;
    const store = composer.dataset.store;
    const body = () => { const form = new FormData(); form.set("text", field.value); return form; };
    let asked = 0;

    async function check() {
      const mine = ++asked;
      const answer = await ask(composer.dataset.check, body());
      if (answer.status === 200 && mine === asked) $("[data-check-result]", composer).innerHTML = answer.text;
    }
    async function save() {
      const answer = await ask(composer.dataset.draft, body());
      const told = $("[data-saved]", composer);
      if (answer.status === 204) {
        localStorage.removeItem(store);
        if (told) told.textContent = told.dataset.text;
      } else {
        localStorage.setItem(store, field.value);  /* the session ended or the line is down: nothing is lost */
        if (answer.status === 401) toast(document.body.dataset.kept, "bad", 60);
      }
    }
    const checkSoon = later(QUIET, check);
    const saveSoon = later(SAVE, save);
    const changed = () => { editing = true; checkSoon(); saveSoon(); };
    field.addEventListener("input", changed);
    const kept = localStorage.getItem(store);
    if (kept && kept !== field.value) { field.value = kept; changed(); }
    else if (field.value) check();

    composer.addEventListener("click", (event) => {
      if (event.target.closest("[data-use]")) {
        event.preventDefault();
        field.value = $("[data-suggested]", composer).textContent;
        $("[data-suggestion]", composer).open = false;  /* the text stands below now: make room for it */
        field.focus();
        changed();
      }
      if (event.target.closest("[data-copy-open]")) navigator.clipboard?.writeText(field.value);
    });
    composer.addEventListener("submit", async (event) => {
      if (!composer.matches("form") || event.submitter?.formAction !== composer.action && event.submitter?.hasAttribute("formaction")) return;
      event.preventDefault();
      const button = $("[data-send]", composer);
      button.disabled = true;
      const answer = await ask(composer.action, new FormData(composer));
      button.disabled = false;
      if (answer.status === 200) { localStorage.removeItem(store); editing = false; put(answer.text); }
      else if (answer.status === 409) put(answer.text);
      else if (answer.status === 422) { $("[data-check-result]", composer).innerHTML = answer.text; field.focus(); }
      else { localStorage.setItem(store, field.value); toast(answer.status === 401 ? document.body.dataset.kept : answer.text, "bad", 20); }
    });
  }

  /* Put the server's answer in the place of the composer. */
  function put(text) {
    const answer = $("[data-answer]");
    const made = element(text);
    if (made.matches("[data-answer]")) answer.replaceWith(made);
    else answer.prepend(made);
    wire();
    watch();
  }

  /* Count down the undo window, then follow the reply until it has an end. */
  function watch() {
    const box = $("[data-underway]");
    if (!box) return;
    const left = Number(box.dataset.left || 0);
    const end = Date.now() + left * 1000;
    const bar = $("[data-bar]", box);
    const count = $("[data-count]", box);
    const tick = () => {
      if (!box.isConnected) return;
      const seconds = Math.max(0, (end - Date.now()) / 1000);
      if (count) count.textContent = Math.ceil(seconds);
      if (bar) bar.style.transform = `scaleX(${seconds / Number(box.dataset.all)})`;
      if (seconds > 0) setTimeout(tick, 250);
      else follow(box);
    };
    tick();
    $("[data-undo-form]", box)?.addEventListener("submit", async (event) => {
      event.preventDefault();
      const answer = await ask(event.target.action, new FormData(event.target));
      if (answer.status === 200) put(answer.text);
      else toast(answer.text, "bad", 15);
      $("[data-reply]")?.focus();
    });
  }

  function follow(box) {
    if ($("[data-undo]", box)) $("[data-undo]", box).disabled = true;
    poll(1.5, async () => {
      if (!box.isConnected) return "stop";
      const answer = await ask(box.dataset.poll);
      if (answer.status === 401) return "stop";
      if (answer.status !== 200) return "slow";
      const made = element(answer.text);
      const now = made.querySelector("[data-underway]");
      if (now && now.dataset.state === box.dataset.state) return "ok";
      if (now) put(answer.text);
      else location.reload();  /* sent: the thread above changed as well */
      return "stop";
    });
  }

  let editing = false;
  const seat = $("[data-presence]");
  if (seat) {
    const sit = async () => {
      const form = new FormData();
      form.set("editing", editing && $("[data-reply]")?.value ? "1" : "");
      const answer = await ask(seat.dataset.presence, form);
      if (answer.status === 200) { $("[data-presence-list]").replaceWith(element(answer.text)); return "ok"; }
      return answer.status === 401 ? "stop" : "slow";
    };
    sit();
    poll(5, sit);
  }
  wire();
  watch();
})();
