// The played client around our app's frame: answers the calls of the official SDK.
//
// static/sandbox/bridge.js in the frame tells the message shapes. What to answer is for the
// server to say, which checks the signature against the address that the frame really has. An app
// on another port or host tells its address itself; the browser vouches for its origin.

const frame = document.querySelector("[data-frame]");
const offlineSwitch = document.querySelector("[data-offline-switch]");
let isOnline = sessionStorage.getItem("sandbox-offline") !== "1"; // also in the next chat
let shown = location.origin; // the origin of the page in the frame

function tell(message) {
  frame.contentWindow.postMessage({ wwsim: 2, ...message }, shown);
}

function addressOf(href) {
  if (shown === location.origin) return frame.contentWindow.location.href;
  return new URL(href).origin === shown ? href : shown;
}

async function ask(name, params, href) {
  const { invokeUrl, frame: id, userid, customer, group, context } = frame.dataset;
  const response = await fetch(invokeUrl, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({
      frame: id,
      api: name,
      params,
      page_url: addressOf(href),
      userid,
      entry: context,
      external_userid: customer,
      chat_id: group,
      platform: "windows",
      switch: "",
    }),
  });
  if (!response.ok) return { answers: true, reply: { err_msg: `${name}:fail` } };
  return response.json();
}

const heard = {
  hello({ href }) {
    showPath(href);
    tell({ kind: "network", online: isOnline });
  },
  async invoke({ id, name, params, href }) {
    const { answers, reply, open_chat: chat } = await ask(name, params, href);
    if (answers) tell({ kind: "result", id, result: reply });
    if (chat) location.assign(`?${new URLSearchParams({ customer: chat })}`);
    document.dispatchEvent(new CustomEvent("sandbox:changed"));
  },
};

function start() {
  window.addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.data?.wwsim !== 1) return;
    shown = event.origin;
    heard[event.data.kind]?.(event.data);
  });
  frame.addEventListener("load", () => {
    if (frame.contentDocument) showPath(frame.contentWindow.location.href); // of our own origin
  });
  open(frame.dataset.page);
}

function showPath(href) {
  const isPage = href !== "about:blank";
  document.querySelector("[data-frame-path]").textContent = isPage ? new URL(href).pathname : "";
}

// Empties the frame. What its page had asked for is cut off, so a login that was under way sets no
// cookie any more; a page that has not even begun to show is cut off as well.
export async function leave() {
  do {
    const emptied = new Promise((done) => frame.addEventListener("load", done, { once: true }));
    frame.contentWindow.location.replace("about:blank");
    await emptied;
  } while (frame.contentDocument?.URL !== "about:blank"); // of another origin until then: null
}

// A page is always opened anew, as the client's web view is. The frame's name says which client
// this is; only an empty page, which is of our own origin, lets us write it.
async function open(address) {
  const opening = await fetch(frame.dataset.openingUrl, { method: "POST" }).catch(() => null);
  const name = opening?.ok ? (await opening.json()).name : "";
  await leave();
  frame.contentWindow.name = name;
  frame.src = address;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-reopen]")) open(frame.dataset.page);
  const link = event.target.closest("[data-in-frame]");
  if (!link) return;
  event.preventDefault();
  frame.dataset.context = "normal"; // a link in a message is no toolbar
  open(link.href);
});

// 断网: the page in the frame loses its network; the window keeps its own.
function showNetwork() {
  offlineSwitch.setAttribute("aria-pressed", String(!isOnline));
  sessionStorage.setItem("sandbox-offline", isOnline ? "" : "1");
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-offline-switch]")) return;
  isOnline = !isOnline;
  showNetwork();
  tell({ kind: "network", online: isOnline });
});

if (frame) {
  showNetwork();
  start();
}
