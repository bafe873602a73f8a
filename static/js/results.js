// What WeCom's client said about a send, kept until our server has it: a result outlives the page
// and a lost connection. The server lets the first result of a share stand, so twice is harmless.

const KEPT = "send:results";
const KEPT_MOST = 100;
let flushing = null;

export async function post(url, fields) {
  const headers = { Accept: "application/json", "X-CSRFToken": document.body.dataset.csrf };
  const response = await fetch(url, { method: "POST", headers, body: new URLSearchParams(fields), keepalive: true });
  const data = await response.json().catch(() => ({}));
  return { ok: response.ok, status: response.status, data };
}

const read = () => JSON.parse(localStorage.getItem(KEPT) ?? "[]");
const write = (kept) => localStorage.setItem(KEPT, JSON.stringify(kept.slice(-KEPT_MOST)));
export const keep = (result) => write([...read(), result]);

// Tell the server what it has not heard. Resolves to its answers by the number of the share.
export function flush() {
  flushing = (flushing ?? Promise.resolve()).then(tell, tell);
  return flushing;
}

async function tell() {
  const confirmed = new Map();
  for (const result of read()) {
    const answer = await post(result.url, { outcome: result.outcome, detail: result.detail }).catch(() => null);
    const waits = !answer || answer.status >= 500 || [401, 403, 429].includes(answer.status);
    if (waits) break;
    confirmed.set(result.share, answer.data);
    document.dispatchEvent(new CustomEvent("send:told", { detail: { ...result, ...answer.data } }));
    write(read().filter((other) => other.url !== result.url || other.outcome !== result.outcome));
  }
  return confirmed;
}

addEventListener("online", flush);
addEventListener("pageshow", flush);
document.addEventListener("visibilitychange", () => { if (!document.hidden) flush(); });
flush();
