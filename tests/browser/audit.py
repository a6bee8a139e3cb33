"""What axe would say first, asked of the page itself: names of controls, contrast of every text, sizes, landmarks."""

from __future__ import annotations

from playwright.sync_api import Page

_SCRIPT = """
() => {
  const found = [];
  const say = (what, node) => found.push(`${what}: ${(node.outerHTML || "").slice(0, 120)}`);
  const seen = (node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    && node.getBoundingClientRect().width > 1;

  /* names */
  const said = (text) => Boolean(text && text.trim());
  const named = (node) => [node.getAttribute("aria-label"), node.title, node.textContent].some(said);
  const labelled = (node) => said(node.getAttribute("aria-label"))
    || [...node.labels].some((label) => said(label.textContent));
  for (const node of document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select, textarea"))
    if (seen(node) && !(node.matches("input, select, textarea") ? labelled(node) : named(node))) say("no name", node);
  for (const node of document.querySelectorAll("img:not([alt]), svg[role=img]:not([aria-label])"))
    say("no alternative", node);
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) found.push(`id twice: ${id}`);
  for (const node of document.querySelectorAll("[aria-describedby], [aria-labelledby]"))
    for (const name of ["aria-describedby", "aria-labelledby"])
      for (const id of (node.getAttribute(name) || "").split(" ").filter(Boolean))
        if (!document.getElementById(id)) say(`${name} leads nowhere`, node);

  /* structure */
  if (document.querySelectorAll("main").length !== 1) found.push("not one main");
  if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
  if (!document.title.trim()) found.push("no title");
  for (const node of document.querySelectorAll("ul > :not(li, script, template), ol > :not(li)"))
    say("not an item", node);

  /* targets of at least 24 by 24 pixels (WCAG 2.5.8); links in a line of text may be smaller */
  for (const node of document.querySelectorAll("button, select, input:not([type=hidden]), textarea, nav a")) {
    if (!seen(node)) continue;
    const target = node.closest("label") || node;
    const box = target.getBoundingClientRect();
    if (box.width < 24 || box.height < 24) say(`only ${box.width}x${box.height}`, node);
  }

  /* contrast (WCAG 1.4.3), over every text that is seen */
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((part, index) => part * a + below[index] * (1 - a));
  const behind = (node) => {
    const layers = [];
    for (let one = node; one; one = one.parentElement) layers.unshift(rgba(getComputedStyle(one).backgroundColor));
    return layers.reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const light = (parts) => {
    const [r, g, b] = parts.map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const checked = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || checked.has(node) || !seen(node)) continue;
    if (node.closest("option, [disabled], .hidden, .skip")) continue;
    checked.add(node);
    const style = getComputedStyle(node);
    const below = behind(node);
    let text = rgba(style.fill !== "rgb(0, 0, 0)" && node.closest("svg") ? style.fill : style.color);
    let opacity = 1;
    for (let one = node; one; one = one.parentElement) opacity *= Number(getComputedStyle(one).opacity);
    text = over([...text.slice(0, 3), text[3] * opacity], below);
    const [high, low] = [light(text), light(below)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) say(`contrast ${ratio.toFixed(2)}`, node);
  }
  if (checked.size < 3) found.push(`only ${checked.size} texts were looked at`);
  return found;
}
"""


def complaints(page: Page) -> list[str]:
    """Return what is wrong with the page as it stands; empty when nothing is."""
    found: list[str] = page.evaluate(_SCRIPT)
    return found


def overflow(page: Page) -> int:
    """Return by how many pixels the page scrolls sideways."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide
