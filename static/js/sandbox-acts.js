// The window's buttons: who one is, what happens in the chat, reset, an empty log.

import { leave } from "./sandbox-client.js";

const seat = () => document.querySelector("[data-frame]").dataset;

function say(text, kind = "ok") {
  if (text) document.dispatchEvent(new CustomEvent("toast", { detail: { text, kind } }));
}

function changed() {
  document.dispatchEvent(new CustomEvent("sandbox:changed"));
}

async function post(address, options = {}) {
  const headers = { Accept: "application/json", "X-CSRFToken": document.body.dataset.csrf };
  const response = await fetch(address, {
    method: "POST",
    ...options,
    headers: { ...headers, ...options.headers },
  }).catch(() => null);
  const isJson = response?.headers.get("Content-Type")?.includes("json");
  return { ok: Boolean(response?.ok), body: isJson ? await response.json() : {} };
}

async function act(key, text = "") {
  const { userid, customer, group } = seat();
  const form = new URLSearchParams({ act: key, userid, customer, group, text });
  const { ok, body } = await post(document.querySelector("[data-acts]").dataset.acts, {
    body: form,
  });
  say(body.said ?? "", ok ? "ok" : "bad");
  changed();
  return ok;
}

async function turn(fault) {
  const rate = document.querySelector("[data-fault-rate]").value;
  const body = new URLSearchParams({ fault, rate });
  const { ok } = await post(document.querySelector("[data-faults]").dataset.faults, { body });
  changed();
  return ok;
}

// The client opens the app's pages anew for another member, without the cookies of the last one.
async function play(select) {
  const body = JSON.stringify({ userid: select.value });
  const headers = { "Content-Type": "application/json" };
  await leave(); // a login under way would else bring the last one's cookie back
  const { ok } = await post(select.dataset.person, { body, headers });
  if (ok) location.assign(location.pathname);
  else {
    say(select.dataset.failed, "bad");
    document.querySelector("[data-reopen]").click();
  }
}

async function reset(button) {
  if (!confirm(button.dataset.sure)) return;
  button.disabled = true;
  const { ok, body } = await post(button.dataset.reset);
  if (ok) location.assign(location.pathname);
  else say(body.message ?? button.dataset.failed, "bad");
  button.disabled = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-act],[data-fault],[data-reset],[data-clear]");
  if (!button) return;
  const { act: key, fault, whyNot, reopens, reset: resets, clear } = button.dataset;
  if (whyNot) say(whyNot, "bad");
  else if (resets) reset(button);
  else if (clear) post(clear).then(changed);
  else if ((await (fault ? turn(fault) : act(key))) && reopens !== undefined) {
    document.querySelector("[data-reopen]").click();
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-say]");
  if (!form) return;
  event.preventDefault();
  const sender = event.submitter?.value ?? "user";
  const text = form.elements.text.value.trim();
  if (!text && sender === "user") return;
  const spoke = await act(sender === "customer" ? "customer_says" : "member_says", text);
  if (spoke) form.reset();
});

// Enter sends, as in the client; Shift with Enter begins a line.
document.addEventListener("keydown", (event) => {
  const form = event.target.closest("[data-say]");
  if (!form || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  if (!event.target.matches("textarea")) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector("[value='user']"));
});

// A list moved through by arrow keys is not yet a choice: Enter or leaving it is.
let isWandering = false;
document.addEventListener("keydown", (event) => {
  if (!event.target.matches("[data-person]")) return;
  if (event.key === "Enter") choose(event.target);
  else if (event.key.startsWith("Arrow")) isWandering = true;
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-person]") && !isWandering) choose(event.target);
});
document.addEventListener("focusout", (event) => {
  if (event.target.matches("[data-person]")) choose(event.target);
});

function choose(select) {
  isWandering = false;
  if (select.value !== seat().userid) play(select);
}
