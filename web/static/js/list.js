/* Which list one works through: the page of a case returns to it, and goes on with its next row, filters and all. */
(() => {
  "use strict";
  const { $, $$ } = window.allears;
  const KEY = "allears-list";
  const rows = () => $$(".row .rowlink").map((link) => link.getAttribute("href"));

  function read() {
    try { return { url: "", rows: [], ...JSON.parse(sessionStorage.getItem(KEY)) }; } catch { return { url: "", rows: [] }; }
  }
  const write = (list) => sessionStorage.setItem(KEY, JSON.stringify(list));
  const remember = () => write({ url: location.pathname + location.search, rows: rows() });

  if ($("[data-list]") || rows().length) {
    remember();
    $("[data-inbox]")?.addEventListener("swapped", remember);
  }

  const list = read();
  const here = $("[data-case]") ? list.rows.indexOf(location.pathname) : -1;
  const neighbour = (step) => (here < 0 ? undefined : list.rows[here + step]);

  if (here >= 0) {
    const back = $("[data-back]");
    if (list.url.split("?")[0] === back.getAttribute("href")) back.href = list.url;
    for (const form of $$("[data-close-form]")) {
      form.elements.next.value = neighbour(1) || list.url;
      form.addEventListener("submit", () => write({ ...list, rows: list.rows.filter((row) => row !== location.pathname) }));
    }
    document.addEventListener("click", (event) => {
      const link = event.target.closest("[data-next]");
      if (link && neighbour(1)) link.href = neighbour(1);
    });
  }

  window.allears.neighbour = neighbour;
})();
