// The only place that touches `ww`, Tencent's official SDK. It registers with the signatures that
// stand in the page, limits the time of every call and words every failure as one of our reasons:
// not_in_wecom, client_too_old, bad_signature, bad_domain, no_permission, no_customer, cancelled,
// aborted, timeout, unknown.

const CALL_MS = 6000;
const SEND_MS = 8000;
const REST_MS = 10000; // after a failed registration nothing is asked again by itself
const OLDEST = [3, 0, 24]; // getContext exists since then
const READS = ["getContext", "getCurExternalContact", "getCurExternalChat"];
const WITH_CUSTOMER = new Set(["single_chat_tools", "contact_profile", "single_kf_tools"]);
const OF_REGISTRATION = /^(agentConfig|config|preVerifyJSAPI|SDK Error):/i;

// The first that matches counts. Clients word the same refusal differently and the SDK rewrites some
// texts, so all of a reply's texts are searched.
const REASONS = [
  ["cancelled", /cancel/],
  ["bad_domain", /80001|reliable domain|url domain/],
  ["bad_signature", /40093|invalid signature/],
  ["no_permission", /no_?\s?permission|permission denied|access_?denied|offline verifying|allow list/],
  ["no_customer", /without context/],
  ["client_too_old", /not[ _]?exist|unsupported/],
  ["aborted", /abort/],
];

export class WeComRefusal extends Error {
  constructor(reason, raw = "") {
    super(reason);
    this.reason = reason;
    this.raw = raw; // the client's own words, for the server's record
  }
}

const page = JSON.parse(document.getElementById("wecom-page")?.textContent ?? "null");
let registered = false;
let asking = null; // the one ready() that is under way
let current = null; // what ready() last told
let restUntil = 0;

// Who opened this page, and whose chat it stands beside. Throws WeComRefusal.
export function ready() {
  asking ??= ask().finally(() => { asking = null; });
  return asking;
}

// "sent" or "cancelled"; anything else throws. After `timeout` nobody knows whether it was sent.
export async function sendChatMessage(payload) {
  register();
  try {
    await call("sendChatMessage", payload, SEND_MS);
    return "sent";
  } catch (refusal) {
    if (refusal.reason === "cancelled") return "cancelled";
    throw refusal;
  }
}

// Opens the chat with a customer from a page outside it (去聊天发).
export async function openChat(externalUserId) {
  register();
  await call("openEnterpriseChat", { externalUserIds: [externalUserId] }, SEND_MS);
}

async function ask() {
  register();
  const { entry } = await call("getContext");
  const told = { entry, externalUserId: null, chatId: null, ...client() };
  if (WITH_CUSTOMER.has(entry)) told.externalUserId = (await call("getCurExternalContact")).userId;
  if (entry === "group_chat_tools") told.chatId = (await call("getCurExternalChat")).chatId;
  current = told;
  return told;
}

function register() {
  if (!page || !window.ww) throw new WeComRefusal("unknown", "the official SDK is not in this page");
  if (!window.ww.env.isWeCom) throw new WeComRefusal("not_in_wecom");
  const parts = client().version.split(".").map(Number);
  const at = OLDEST.findIndex((number, index) => (parts[index] ?? 0) !== number);
  if (at >= 0 && (parts[at] ?? 0) < OLDEST[at]) throw new WeComRefusal("client_too_old");
  if (page.problem) throw new WeComRefusal(page.problem, "the server could not sign this page");
  if (registered) return;
  registered = true;
  window.ww.register({
    corpId: page.corpId,
    agentId: page.agentId,
    jsApiList: [...READS, "sendChatMessage", "openEnterpriseChat"],
    getConfigSignature: () => page.corp,
    getAgentConfigSignature: () => page.agent,
    onAgentConfigFail: rest,
    onConfigFail: rest,
  });
}

// `Aborted` means that the address changed while the SDK registered; nothing was done yet.
async function call(name, params = {}, limit = CALL_MS, again = true) {
  try {
    return await within(limit, window.ww[name](JSON.parse(JSON.stringify(params))));
  } catch (thrown) {
    const refusal = thrown instanceof WeComRefusal ? thrown : refusalOf(thrown);
    if (refusal.reason === "aborted" && again) return call(name, params, limit, false);
    throw refusal;
  }
}

function within(limit, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new WeComRefusal("timeout")), limit);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function refusalOf(thrown) {
  const { err_msg, errMsg, err_Info, hint, errCode, message } = thrown ?? {};
  const texts = new Set([err_msg, errMsg, err_Info, hint, message, errCode].filter(Boolean));
  const raw = [...texts].join(" ");
  const known = REASONS.find(([, pattern]) => pattern.test(raw.toLowerCase()));
  return new WeComRefusal(known?.[0] ?? "unknown", raw.slice(0, 300));
}

function client() {
  const agent = navigator.userAgent;
  const platforms = { android: /Android/, ios: /iPhone|iPad/, windows: /Windows/, mac: /Macintosh/ };
  const platform = Object.keys(platforms).find((name) => platforms[name].test(agent)) ?? "other";
  return { platform, version: /wxwork\/([\d.]+)/i.exec(agent)?.[1] ?? "" };
}

const rest = () => { restUntil = Date.now() + REST_MS; };

// A failed registration leaves one rejection that nobody can catch; every call reports it anyway.
addEventListener("unhandledrejection", (event) => {
  if (OF_REGISTRATION.test(event.reason?.errMsg ?? event.reason?.message ?? "")) event.preventDefault();
});

// The chat may have changed while the page was hidden: the customer is asked for again, never kept.
async function askAgain() {
  if (!current || document.hidden || Date.now() < restUntil) return;
  const before = current;
  const after = await ready().catch((refusal) => {
    const gone = refusal.reason === "no_customer";
    return gone ? { ...before, externalUserId: null, chatId: null } : before;
  });
  current = after;
  if (["entry", "externalUserId", "chatId"].every((name) => before[name] === after[name])) return;
  document.dispatchEvent(new CustomEvent("wecom:customer", { detail: after }));
}
addEventListener("pageshow", (event) => { if (event.persisted) askAgain(); });
addEventListener("focus", askAgain);
document.addEventListener("visibilitychange", askAgain);
