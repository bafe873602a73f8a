// What every page does: show toasts, say when the network is gone, return to login when it expired.

const TOAST_MS = 1500;

export function toast(text, kind = "ok") {
  const box = document.createElement("div");
  box.className = "toast";
  box.dataset.kind = kind;
  box.textContent = text;
  document.getElementById("toasts").replaceChildren(box);
  setTimeout(() => box.remove(), kind === "bad" ? TOAST_MS * 2 : TOAST_MS);
}

// The server sends {"toast": {text, kind}} in HX-Trigger; htmx turns it into an event.
document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.kind));

document.addEventListener("htmx:sendError", () => document.body.setAttribute("data-offline", ""));
addEventListener("offline", () => document.body.setAttribute("data-offline", ""));
addEventListener("online", () => {
  document.body.removeAttribute("data-offline");
  document.dispatchEvent(new CustomEvent("page:online"));
});

// Keep focus where it was when htmx swaps the element that had it.
document.addEventListener("htmx:afterSwap", (event) => {
  const wanted = event.detail.target?.querySelector?.("[data-autofocus]");
  if (wanted) wanted.focus();
});

// Forms with data-busy show that they are under way and cannot be sent twice.
document.addEventListener("submit", (event) => {
  const { sure } = event.target.dataset;
  if (sure && !confirm(sure)) {
    event.preventDefault();
    return;
  }
  const button = event.target.querySelector?.("[data-busy]");
  if (button) setTimeout(() => { button.disabled = true; }, 0);
});
