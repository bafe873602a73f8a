// Asks the server every 20 s whether the customer looked at something, while anybody can see the
// page. Whatever carries data-signals fetches itself (htmx, trigger "signal"); 204 changes nothing.

const EVERY_MS = 20000;
let timer = null;

function ask() {
  if (document.hidden) return;
  for (const place of document.querySelectorAll("[data-signals]")) window.htmx.trigger(place, "signal");
}

function start() {
  stop();
  if (!document.hidden) timer = setInterval(ask, EVERY_MS);
}

function stop() {
  clearInterval(timer);
  timer = null;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) { stop(); return; }
  ask();
  start();
});
addEventListener("online", ask);
start();
