// Half-screen dialogs. A link with hx-target="#sheet" fetches one; this opens, traps and closes it.

const FOCUSABLE = "a[href], button:not([disabled]), input, select, textarea, [tabindex='0']";
const box = document.getElementById("sheet");
let opener = null;

const dialog = () => (box?.hidden ? null : box?.querySelector("[role=dialog]"));

function outside(inert) {
  for (const element of document.body.children) {
    if (element !== box && element.id !== "toasts") element.inert = inert;
  }
}

function opened() {
  const sheet = dialog();
  if (!sheet) return;
  outside(true);
  if (!sheet.contains(document.activeElement)) (sheet.querySelector("[data-autofocus]") ?? sheet).focus();
}

export function close() {
  if (!dialog()) return;
  box.hidden = true; // not emptied: an answer that is under way still finds its place
  outside(false);
  // A swap may have replaced the button that opened the sheet: its id leads to the new one.
  const back = opener?.isConnected ? opener : document.getElementById(opener?.id);
  back?.focus();
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, target } = event.detail;
  if (target === box && !box.contains(elt)) opener = elt;
});
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target === box) box.hidden = false;
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target === box) opened();
});
document.addEventListener("sheet:close", close);
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-sheet-close]")) close();
});
document.addEventListener("keydown", (event) => {
  const sheet = dialog();
  if (!sheet) return;
  if (event.key === "Escape") close();
  if (event.key !== "Tab") return;
  const all = [...sheet.querySelectorAll(FOCUSABLE)].filter((element) => element.offsetParent);
  const edge = event.shiftKey ? all[0] : all.at(-1);
  const inside = sheet.contains(document.activeElement) && document.activeElement !== sheet;
  if (inside && document.activeElement !== edge) return;
  event.preventDefault();
  (event.shiftKey ? all.at(-1) : all[0])?.focus();
});
