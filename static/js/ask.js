// 请 TA 确认: one tap, one POST for the message, WeCom's client sends it. Words stand on the button.
import { post } from "./results.js";
import { sendChatMessage } from "./wecom-bridge.js";

const say = (text, kind) => document.dispatchEvent(new CustomEvent("toast", { detail: { text, kind } }));

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-claim]");
  if (button && !button.disabled) ask(button);
});

async function ask(button) {
  const { claim: url, card, sent, cancelled, failed } = button.dataset;
  button.disabled = true;
  try {
    const answer = await post(url, { card });
    if (!answer.ok) throw new Error(answer.data?.message ?? failed);
    if ((await sendChatMessage(answer.data.payload)) === "cancelled") return say(cancelled, "bad");
    say(sent, "ok");
    document.dispatchEvent(new CustomEvent("sheet:close"));
    document.dispatchEvent(new CustomEvent("claim:sent"));
  } catch (error) {
    say(error.reason ? failed : error.message || failed, "bad");
  } finally {
    button.disabled = false;
  }
}
