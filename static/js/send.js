// 发送: one tap, one POST for the payload, the client's own answer, and that answer kept until our
// server has it. Buttons carry data-send; words stand on the list, so that nothing is said here.
import { flush, keep, post } from "./results.js";
import { sendChatMessage } from "./wecom-bridge.js";

const REST_MS = 1500; // a second tap within it does nothing
const rows = new Map(); // material's row → what its buttons are at

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-send]");
  if (button) tap(button);
});

// A result that waited for the network has arrived; the row may have been fetched before it did.
document.addEventListener("send:told", ({ detail }) => {
  const list = document.querySelector(`[data-send-list][data-customer="${CSS.escape(detail.customer)}"]`);
  if (list && detail.state) show({ list: list.dataset, row: detail.row, form: detail.form }, detail.state);
});

async function tap(button) {
  const list = button.closest("[data-send-list]");
  const place = { list: list.dataset, row: button.closest("[data-send-row]").dataset.sendRow, form: button.dataset.form };
  const key = `${place.list.customer}/${place.row}/${place.form}`;
  const known = rows.get(key) ?? { restUntil: 0 };
  if (known.busy || performance.now() < known.restUntil) return;
  if (button.dataset.ask) { ask(button, list.dataset); return; }
  rows.set(key, known);
  known.restUntil = performance.now() + REST_MS;
  known.nonce ??= nonce();
  known.busy = true;
  busy(place, true);
  notice("");
  try {
    await send(button, place, known);
  } finally {
    known.busy = false;
    busy(place, false);
  }
}

// The same person had it within a day: the first tap only asks.
function ask(button, words) {
  note(button.closest("[data-send-row]"), button.dataset.ask === "unknown" ? words.askUnknown : words.askRecent);
  label(button, words.labelSure);
  delete button.dataset.ask;
  button.dataset.sure = "1";
}

async function send(button, place, known) {
  const words = place.list;
  const body = { customer: words.customer, nonce: known.nonce, form: place.form };
  if (button.dataset.sure) body.again = "1";
  const answer = await post(button.dataset.send, body).catch(() => null);
  if (!answer) return failed(place, words.offline); // the nonce stays: trying again is the same send
  if (!answer.ok) return refused(answer, button, place);
  known.nonce = null;
  if (answer.data.state !== "unknown") return show(place, answer.data.state);
  let outcome;
  let detail = "";
  try {
    outcome = await sendChatMessage(answer.data.payload);
  } catch (refusal) {
    outcome = refusal.reason === "timeout" ? "unknown" : "failed";
    detail = `${refusal.reason ?? "unknown"}: ${refusal.raw ?? refusal}`.slice(0, 200);
  }
  show(place, outcome);
  if (outcome === "sent") document.dispatchEvent(new CustomEvent("toast", { detail: { text: words.sentToast, kind: "ok" } }));
  const { share } = answer.data;
  keep({ share, url: `/s/shares/${share}/result/`, outcome, detail, customer: words.customer, row: place.row, form: place.form });
  const confirmed = await flush();
  const told = confirmed.get(share);
  if (outcome === "failed") notice(told?.message || words.trouble);
  else if (!told && outcome === "sent") note(find(place), words.wordKept);
}

function refused({ data }, button, place) {
  if (data.code === "sent_recently") { button.dataset.ask = "recent"; ask(button, place.list); return; }
  if (data.code === "contacted_enough") return limited(place, data.message);
  failed(place, data.message ?? place.list.trouble);
}

// The customer has had enough for today: nothing failed, and trying again would not help.
function limited(place, message) {
  note(find(place), message);
  notice(message, false);
}

function failed(place, message) {
  show(place, "failed");
  notice(message);
}

// The row may have been swapped meanwhile, so it is looked for anew.
const find = (place) => document.querySelector(`[data-send-list][data-customer="${CSS.escape(place.list.customer)}"] [data-send-row="${place.row}"]`);
const buttonOf = (place) => find(place)?.querySelector(`[data-send][data-form="${place.form}"]`);

function show(place, state) {
  const { list: words } = place;
  const words_of = { sent: words.wordSent, cancelled: words.wordCancelled, failed: words.wordFailed, unknown: words.wordUnknown };
  note(find(place), words_of[state], state === "failed");
  const button = buttonOf(place);
  if (!button) return;
  delete button.dataset.sure;
  delete button.dataset.ask;
  if (state === "sent") button.dataset.ask = "recent";
  if (state === "unknown") button.dataset.ask = "unknown";
  const again = state === "sent" || state === "unknown";
  if (place.form !== "card") return;
  button.classList.toggle("btn-line", again);
  button.classList.toggle("btn-soft", !again);
  button.querySelector(".icon")?.toggleAttribute("hidden", again);
  label(button, again ? words.labelAgain : state === "failed" ? words.labelRetry : words.labelSend);
}

const label = (button, text) => { button.querySelector("[data-send-label]").textContent = text; };

function note(row, text, bad = false) {
  const line = document.createElement("span");
  line.className = bad ? "t-cap down" : "t-cap";
  line.textContent = text;
  row?.querySelector("[data-send-note]").replaceChildren(line);
}

function notice(text, bad = true) {
  const box = document.querySelector("[data-send-notice]");
  if (!box) return;
  box.classList.toggle("notice-bad", bad);
  box.querySelector("[data-send-notice-text]").textContent = text;
  box.hidden = !text;
}

function busy(place, is) {
  const button = buttonOf(place);
  button?.setAttribute("aria-busy", is);
  button?.setAttribute("aria-disabled", is);
}

const nonce = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
