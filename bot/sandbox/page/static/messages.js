// The message list of the open channel.

import { blockNodes } from "./blocks.js";
import { dateNode, formatDate, wallClock } from "./dates.js";
import { el, icon } from "./dom.js";
import { fileNodes } from "./files.js";
import { mrkdwn } from "./mrkdwn.js";

const NEAR_BOTTOM_PX = 80;
const seconds = (ts) => Number(ts.split(".")[0]);

/** Timestamps padded to equal length sort like times. */
export const byTime = (one, other) => (one.ts.padStart(20, "0") < other.ts.padStart(20, "0") ? -1 : 1);

export function avatar(user, isApp) {
  if (isApp) return el("span", { class: "avatar avatar-app", "aria-hidden": "true" }, icon("app"));
  const kind = user?.guest ? "guest" : "person";
  return el("span", { class: `avatar avatar-${kind}`, "aria-hidden": "true" }, (user?.name ?? "?").slice(0, 1));
}

const when = (message, context) =>
  el("span", { class: "when" }, dateNode(seconds(message.ts), "{time}", "", context.zone));

const day = (message, { zone }) => ({ "data-day": wallClock(seconds(message.ts) * 1000, zone).dayNumber });

function quietLine(message, context) {
  return el("li", { class: "message message-command", "data-ts": message.ts, ...day(message, context) },
    el("span", { class: "quiet-mark" }, icon("eye"), "Only visible to you"),
    el("p", { class: "text" }, mrkdwn(message.text, context, true), " ", when(message, context)));
}

/** The button with the number of replies; it opens the thread. */
function threadLine(message, context) {
  const count = context.replies?.(message) ?? 0;
  if (!count) return null;
  const text = `${count} ${count === 1 ? "reply" : "replies"}`;
  return el("button", { type: "button", class: "thread-open", "data-action": "thread", onclick: () => context.openThread(message) }, text);
}

/** The tools that appear on hover: a reply in the thread. */
const hoverTools = (message, context) => (context.openThread && !message.ephemeral_to && !message.thread_ts
  ? el("div", { class: "message-tools" }, el("button", {
    type: "button", class: "message-tool", "aria-label": "Reply in thread", title: "Reply in thread",
    onclick: () => context.openThread(message),
  }, icon("thread"))) : null);

export function messageNode(message, context) {
  if (message.kind === "command") return quietLine(message, context);
  const isApp = message.user === context.app.bot_user;
  const user = context.user(message.user);
  const body = message.blocks?.length
    ? blockNodes(message.blocks, context)
    : (message.text || !message.files?.length) && el("div", { class: "text" }, mrkdwn(message.text ?? "", context));
  return el(
    "li",
    { class: message.ephemeral_to ? "message message-ephemeral" : "message", "data-ts": message.ts, ...day(message, context) },
    message.ephemeral_to && el("p", { class: "quiet-mark" }, icon("eye"), "Only visible to you"),
    avatar(user, isApp),
    el("div", { class: "message-main" },
      el("div", { class: "message-head" },
        el("span", { class: "name" }, isApp ? context.app.name : user?.name ?? message.user),
        isApp && el("span", { class: "badge" }, "APP"),
        when(message, context)),
      el("div", { class: "message-body" }, body, message.edited && el("span", { class: "edited" }, "(edited)"),
        fileNodes(message.files, context)),
      threadLine(message, context)),
    hoverTools(message, context),
  );
}

/** Draws messages into `list`; scroll position, focus and busy marks survive changes. */
export class MessageList {
  constructor(scroller, list, empty) {
    Object.assign(this, { scroller, list, empty });
  }

  /** Draws all `messages`, sorted by time. */
  show(messages, contextOf, zone) {
    this.list.replaceChildren(...messages.map((message) => messageNode(message, contextOf(message))));
    this.tidy(zone);
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Adds a message, or replaces the one with the same ts. */
  put(message, contextOf, zone) {
    const atEnd = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < NEAR_BOTTOM_PX;
    const node = messageNode(message, contextOf(message));
    const old = this.find(message.ts);
    if (old) {
      const action = old.contains(document.activeElement) ? document.activeElement.dataset.action : undefined;
      old.replaceWith(node);
      if (action !== undefined) node.querySelector(`[data-action="${CSS.escape(action)}"]`)?.focus({ preventScroll: true });
    } else {
      let later = null; // from the end: nearly always the new message is the latest
      for (let other = this.list.lastElementChild; other; other = other.previousElementSibling) {
        if (!other.dataset.ts) continue;
        if (byTime({ ts: other.dataset.ts }, message) < 0) break;
        later = other;
      }
      this.list.insertBefore(node, later);
    }
    this.tidy(zone);
    if (atEnd) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  remove(ts, zone) {
    this.find(ts)?.remove();
    this.tidy(zone);
  }

  find(ts) {
    return this.list.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
  }

  /** Draws the lines between days, and the welcome while there are no messages. */
  tidy(zone) {
    this.list.querySelectorAll(".day").forEach((day) => day.remove());
    let before = null;
    for (const node of this.list.querySelectorAll(".message")) {
      if (node.dataset.day !== before) {
        const text = formatDate(seconds(node.dataset.ts), "{day_divider_pretty}", zone);
        node.before(el("li", { class: "day" }, el("span", {}, text)));
      }
      before = node.dataset.day;
    }
    this.empty.hidden = before !== null;
  }
}
