// The small dialog that Slack shows before a risky action.

import { el } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { withEmoji } from "./emoji.js";

/** Shows a confirm object; resolves to whether the person confirmed. */
export function confirmed(confirm, context) {
  const text = confirm.text?.type === "mrkdwn"
    ? mrkdwn(String(confirm.text.text), context, confirm.text.verbatim)
    : withEmoji(String(confirm.text?.text ?? ""));
  const dialog = el(
    "dialog",
    { class: "modal confirm", "aria-labelledby": "confirm-title", role: "alertdialog" },
    el("h2", { class: "confirm-title", id: "confirm-title" }, withEmoji(String(confirm.title?.text ?? "Are you sure?"))),
    el("div", { class: "confirm-text" }, text),
    el("div", { class: "confirm-buttons" },
      el("button", { type: "button", class: "button button-large", onclick: () => dialog.close("no") },
        withEmoji(String(confirm.deny?.text ?? "Cancel"))),
      el("button", {
        type: "button", autofocus: true, onclick: () => dialog.close("yes"),
        class: `button button-large ${confirm.style === "danger" ? "button-danger" : "button-primary"}`,
      }, withEmoji(String(confirm.confirm?.text ?? "Yes")))),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
