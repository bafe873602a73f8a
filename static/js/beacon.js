// Tells how long a public page was really seen and how far: often at first, so that a page that is
// torn away loses a second at most, then every 5 s; at once when it is hidden or left.

const page = document.querySelector("[data-visit]");
const STEPS_MS = [1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 10000];
const THEN_MS = 5000;

let seenMs = Number(page?.dataset.seen ?? 0); // an earlier opening of the same visit counts on
let since = document.hidden ? null : performance.now();
let depth = 0;
let told = "";

function dwell() {
  return Math.round(seenMs + (since === null ? 0 : performance.now() - since));
}

function tell(left) {
  const body = new URLSearchParams({ visit: page.dataset.visit, dwell_ms: dwell(), depth });
  if (left) body.set("left", "1");
  const text = body.toString();
  if (text === told) return;
  told = text;
  if (!navigator.sendBeacon?.(page.dataset.beacon, body)) {
    fetch(page.dataset.beacon, { method: "POST", body, keepalive: true }).catch(() => {});
  }
}

function look() {
  const root = document.documentElement;
  const bottom = root.scrollTop + root.clientHeight;
  depth = Math.max(depth, Math.min(100, Math.round((bottom / root.scrollHeight) * 100)));
}

function hide() {
  if (since === null) return;
  seenMs += performance.now() - since;
  since = null;
  tell(true);
}

function show() {
  since ??= performance.now();
}

function later(step) {
  const wait = step < STEPS_MS.length ? STEPS_MS[step] - (STEPS_MS[step - 1] ?? 0) : THEN_MS;
  setTimeout(() => {
    if (since !== null) tell(false);
    later(step + 1);
  }, wait);
}

if (page) {
  look();
  addEventListener("scroll", look, { passive: true });
  addEventListener("load", look);
  document.addEventListener("visibilitychange", () => (document.hidden ? hide() : show()));
  addEventListener("pagehide", hide);
  addEventListener("pageshow", show);
  later(0);
}
