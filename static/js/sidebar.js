// The shell beside a chat: asks WeCom's client who is in front of us, fills #panel with the tab that
// was open last, and follows when the guide changes the chat. Markup comes from the page's templates.

import { flush } from "./results.js";
import { ready } from "./wecom-bridge.js";

const SKELETON_MS = 300;
const panel = document.querySelector("[data-sidebar]");
const tabs = [...document.querySelectorAll("[data-tab]")];
const STATES = new Set(["not_in_wecom", "no_permission", "client_too_old"]);

let seen = null; // what the client last told: entry, externalUserId, chatId
let shown = null; // the address in the panel, for a retry
let skeleton = 0;

function state(name) {
  return document.querySelector(`template[data-state=${name}]`).content.cloneNode(true);
}

function show(name, code = "") {
  clearTimeout(skeleton);
  const content = state(name);
  const caption = content.querySelector("[data-code]");
  if (caption) caption.textContent = code;
  panel.replaceChildren(content);
  panel.removeAttribute("aria-busy");
  htmx.process(panel);
}

function header(name) {
  document.getElementById("who").replaceWith(state(name));
}

function current() {
  return tabs.find((tab) => tab.hasAttribute("aria-current")) ?? tabs[0];
}

function mark(chosen) {
  for (const tab of tabs) {
    tab.classList.toggle("is-on", tab === chosen);
    if (tab === chosen) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
}

function remember(tab) {
  document.cookie = `tab=${tab.dataset.tab}; path=/s/; max-age=31536000; samesite=lax`;
}

function load(address) {
  shown = address;
  clearTimeout(skeleton);
  skeleton = setTimeout(() => panel.replaceChildren(state("loading")), SKELETON_MS);
  panel.setAttribute("aria-busy", "true");
  const answer = htmx.ajax("GET", address, { source: panel, target: panel, swap: "innerHTML" });
  answer.catch(() => {}); // a newer load or leaving the page cuts it off; htmx's events say the rest
}

function open(tab) {
  mark(tab);
  const id = seen?.externalUserId ?? "";
  // Until the client has said who it is, the choice waits for follow().
  if (id || seen?.chatId) load(tab.dataset.url.replace("ID", encodeURIComponent(id)));
}

// One page, three containers: a customer's chat, a group's, and the workbench.
function follow(told) {
  seen = told;
  const group = Boolean(told.chatId);
  const alone = !group && !told.externalUserId;
  for (const tab of tabs) tab.hidden = alone || (group && tab.dataset.tab === "customer");
  if (alone) {
    header("you");
    load(panel.dataset.recent);
  } else if (group) {
    header("group");
    const materials = tabs.find((tab) => tab.dataset.tab === "materials");
    if (materials) open(materials);
    else show("no_permission");
  } else {
    open(current());
  }
}

function refuse(refusal) {
  const reason = refusal?.reason ?? "unknown";
  if (reason === "no_customer") follow({ entry: "normal", externalUserId: null, chatId: null });
  else {
    header("you");
    for (const tab of tabs) tab.hidden = true;
    show(STATES.has(reason) ? reason : "error", reason);
  }
}

function start() {
  ready().then(follow, refuse);
}

if (panel) {
  start();
  document.addEventListener("wecom:customer", (event) => follow(event.detail));

  document.addEventListener("click", (event) => {
    const tab = event.target.closest("[data-tab]");
    const jump = event.target.closest("[data-open-tab]");
    const target = tab ?? tabs.find((one) => one.dataset.tab === jump?.dataset.openTab);
    if (target) {
      event.preventDefault();
      remember(target);
      open(target);
      scrollTo(0, 0);
    } else if (event.target.closest("[data-retry]")) {
      if (shown) load(shown);
      else start();
    }
  });

  // A swap of the whole panel arrived, or could not.
  const onPanel = (name, act) => document.addEventListener(`htmx:${name}`, ({ detail }) => {
    if (detail.target === panel) act(detail);
  });
  onPanel("beforeSwap", () => clearTimeout(skeleton));
  onPanel("afterSwap", () => panel.removeAttribute("aria-busy"));
  onPanel("responseError", ({ xhr }) => show("error", xhr.status));
  onPanel("sendError", () => {
    clearTimeout(skeleton); // what was loaded stays readable
    if (panel.querySelector(".skel")) show("error");
  });
  const offline = document.querySelector("[data-offline-notice]");
  const connected = (is) => {
    offline.hidden = is;
    for (const button of panel.querySelectorAll("button")) button.disabled = !is;
  };
  addEventListener("offline", () => connected(false));
  addEventListener("online", async () => {
    connected(true);
    await flush(); // the list that is fetched now already knows what was sent
    if (shown) load(shown);
    else start();
  });

  // Somebody looked at a material: the card shows it, unless the guide is busy in a sheet.
  document.addEventListener("materials:viewed", () => {
    const idle = !document.querySelector("#sheet:not([hidden]) [role=dialog]");
    if (idle && current()?.dataset.tab === "customer" && shown) load(shown);
  });
}
