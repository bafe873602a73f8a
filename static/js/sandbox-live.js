// Keeps list, chat and log fresh: asks every 1.5 s while the window is visible, and at once
// after something happened (`sandbox:changed` on document). Nothing is swapped that is the same.

const EVERY_MS = 1500;
const root = document.querySelector("[data-live-root]");
let isAsking = false; // one question at a time
let isStale = false; // something happened while it was under way

function address() {
  const query = new URLSearchParams(location.search);
  const search = document.querySelector("[data-list-search]");
  if (search?.value) query.set("q", search.value);
  else query.delete("q");
  query.set("version", root.dataset.version ?? "");
  return `${root.dataset.liveRoot}?${query}`;
}

async function refresh() {
  isStale = true;
  if (isAsking) return;
  isAsking = true;
  try {
    while (isStale) {
      isStale = false;
      await ask();
    }
  } finally {
    isAsking = false;
  }
}

async function ask() {
  const response = await fetch(address()).catch(() => null);
  if (response?.status !== 200) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector("[data-version]");
  if (!fresh) return;
  root.dataset.version = fresh.dataset.version;
  document.body.dataset.csrf = fresh.dataset.csrf;
  for (const part of page.querySelectorAll("[data-live]")) swap(part);
}

function swap(part) {
  const old = document.querySelector(`[data-live="${part.dataset.live}"]`);
  if (!old || old.innerHTML === part.innerHTML) return;
  const held = old.contains(document.activeElement) && selectorOf(document.activeElement);
  old.replaceChildren(...part.childNodes);
  if (held) old.querySelector(held)?.focus();
  if (old.dataset.live === "chat") toLastWord();
}

function selectorOf(element) {
  const name = ["href", "data-act", "data-fault"].find((known) => element.hasAttribute(known));
  return name && `[${name}="${CSS.escape(element.getAttribute(name))}"]`;
}

function toLastWord() {
  const chat = document.querySelector("[data-messages]");
  if (chat) chat.scrollTop = chat.scrollHeight;
}

function start() {
  toLastWord();
  document.querySelector("[data-live='list'] [aria-current]")?.scrollIntoView({ block: "nearest" });
  document.addEventListener("load", (event) => { // a picture came and made its bubble longer
    if (event.target.closest?.("[data-messages]")) toLastWord();
  }, true);
  document.addEventListener("sandbox:changed", refresh);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  setInterval(() => { if (!document.hidden) refresh(); }, EVERY_MS);
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-list-search]")) refresh();
  });
}

if (root) start();
