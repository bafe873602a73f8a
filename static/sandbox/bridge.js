// The played WeCom client inside a page of the product: what Tencent's official SDK finds there.
//
// One classic script before the SDK. It does the two things a real client does: the user agent
// says `wxwork/<version>` and `window.WeixinJSBridge` carries calls to the client. The client is
// the chat window around the page (/sandbox/), reached by postMessage; it names the frame
// `wxwork/<version>`, so that any other page, tab or frame stays a plain browser.
//
//   page → window   {wwsim: 1, kind: "hello", href}                  a page began
//                   {wwsim: 1, kind: "invoke", id, name, params, href}
//                   {wwsim: 1, kind: "on", name}                     the page listens to an event
//                   {wwsim: 1, kind: "eventresult", name, value}
//   window → page   {wwsim: 2, kind: "result", id, result}
//                   {wwsim: 2, kind: "event", name, data}
//                   {wwsim: 2, kind: "network", online}              the client lost its network
(() => {
  "use strict";

  // A client without a bridge names the frame "wxwork/4.1.36 no-bridge".
  const [, client, without] = /^(wxwork\/\d+(?:\.\d+)+)( no-bridge)?$/.exec(window.name) ?? [];
  if (window.parent === window || !client) return;
  const home = new URL(document.currentScript.src).origin; // the window's, also on another port

  const plain = navigator.userAgent;
  const userAgent =
    `${plain} Language/zh ${client} (MicroMessenger/6.2) WindowsWechat ` +
    "MailPlugin_Electron WeMail embeddisk";
  Object.defineProperty(navigator, "userAgent", { configurable: true, get: () => userAgent });

  const waiting = new Map(); // id of a call → its callback, called once
  const handlers = new Map(); // name of an event → the page's handler
  const page = Math.random().toString(36).slice(2); // an answer to an earlier page is not ours
  let calls = 0;
  let isOnline = true;

  function post(message) {
    window.parent.postMessage({ wwsim: 1, ...message }, home);
  }

  // The SDK leaves functions in its parameters; postMessage would refuse to clone them.
  function copied(params) {
    return JSON.parse(JSON.stringify(params ?? {}));
  }

  const bridge = {
    invoke(name, params, callback) {
      const id = `${page}-${(calls += 1)}`;
      if (typeof callback === "function") waiting.set(id, callback);
      post({ kind: "invoke", id, name, params: copied(params), href: location.href });
    },
    on(name, handler) {
      handlers.set(name, handler);
      post({ kind: "on", name });
    },
  };
  if (!without) window.WeixinJSBridge = bridge;

  const heard = {
    result({ id, result }) {
      const callback = waiting.get(id);
      waiting.delete(id);
      if (callback) callback(result);
    },
    event({ name, data }) {
      const handler = handlers.get(name);
      if (handler) post({ kind: "eventresult", name, value: handler(data) });
    },
    network({ online }) {
      if (online !== isOnline) cutNetwork(online);
    },
  };

  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.origin !== home) return;
    if (event.data?.wwsim === 2) heard[event.data.kind]?.(event.data);
  });

  // 断网: the page's own requests fail as they do without a network. Only requests can be
  // played so; a link still leads on.
  const { fetch, XMLHttpRequest } = window;
  const { send } = XMLHttpRequest.prototype;
  const { sendBeacon } = navigator;

  function cutNetwork(online) {
    isOnline = online;
    Object.defineProperty(navigator, "onLine", { configurable: true, get: () => isOnline });
    window.dispatchEvent(new Event(online ? "online" : "offline"));
  }

  window.fetch = (...call) =>
    isOnline ? fetch(...call) : Promise.reject(new TypeError("Failed to fetch"));
  navigator.sendBeacon = (...call) => isOnline && sendBeacon.apply(navigator, call);
  XMLHttpRequest.prototype.send = function (...body) {
    if (isOnline) return send.apply(this, body);
    setTimeout(() => {
      this.dispatchEvent(new ProgressEvent("error"));
      this.dispatchEvent(new ProgressEvent("loadend"));
    });
    return undefined;
  };

  post({ kind: "hello", href: location.href });
})();
