// The thread pane beside the channel.

import { byTime, messageNode } from "./messages.js";
import { el } from "./dom.js";

export class Thread {
  /** `onReply(root, text)` sends a reply. Like Slack, the sandbox refuses a `/command` in a thread. */
  constructor(panel, { onReply }) {
    this.root = null;
    this.title = panel.querySelector("#thread-place");
    this.list = panel.querySelector("#thread-list");
    this.scroller = panel.querySelector("#thread-scroll");
    const form = panel.querySelector("form");
    this.box = form.querySelector("textarea");
    this.send = form.querySelector(".send");
    const submit = () => {
      const text = this.box.value.trim();
      if (!text || !this.root) return;
      this.box.value = "";
      this.send.disabled = true;
      onReply(this.root, text);
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    this.box.addEventListener("input", () => (this.send.disabled = this.box.value.trim() === ""));
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      submit();
    });
  }

  /** Draws the thread of `root` from the channel's `messages`; null clears the pane. */
  show(root, messages, placeName, contextOf) {
    this.root = root;
    if (!root) {
      this.list.replaceChildren();
      return;
    }
    const replies = messages.filter(({ thread_ts, ts }) => thread_ts === root.ts && ts !== root.ts).sort(byTime);
    this.title.textContent = placeName;
    const line = el("li", { class: "thread-line" }, `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`);
    const nodes = [root, ...replies].map((message) => messageNode(message, contextOf(message)));
    this.list.replaceChildren(nodes[0], ...(replies.length ? [line] : []), ...nodes.slice(1));
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}
