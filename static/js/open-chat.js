// 去聊天发: opens the chat with a customer in WeCom's client; elsewhere the page's hint says how.

import { openChat } from "./wecom-bridge.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-open-chat]");
  if (!button) return;
  button.disabled = true;
  try {
    await openChat(button.dataset.openChat);
  } catch (refusal) {
    if (refusal.reason !== "cancelled") document.querySelector("[data-chat-hint]").hidden = false;
  } finally {
    button.disabled = false;
  }
});
