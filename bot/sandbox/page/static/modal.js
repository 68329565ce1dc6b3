// A person's stack of views: the top one is shown in a dialog.

import { blockNodes } from "./blocks.js";
import { el, icon } from "./dom.js";
import { withEmoji } from "./emoji.js";

const FOCUSABLE = "button:not(:disabled), a[href], input, select, textarea, [tabindex='0']";

/** Shows views in `dialog`; `onSubmit(view, values)` and `onClose(view)` send the person's actions. */
export class Modal {
  constructor(dialog, { onSubmit, onClose }) {
    this.dialog = dialog;
    this.view = null;
    this.stack = [];
    this.drafts = new Map();
    this.onSubmit = onSubmit;
    this.onClose = onClose;
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault(); // the sandbox closes the view, and the stream says so
      this.close();
    });
    dialog.addEventListener("keydown", (event) => this.keepFocus(event));
  }

  /** Shows the top of `views`; the same view keeps its scroll position, focus and input. An empty stack closes the dialog. */
  show(views, contextFor) {
    const view = views.at(-1) ?? null;
    this.stack = views;
    if (!view) {
      this.view = null;
      this.drafts.clear();
      if (this.dialog.open) this.dialog.close();
      this.dialog.replaceChildren();
      return;
    }
    const same = this.view?.id === view.id;
    const scroll = same ? this.body.scrollTop : 0;
    const focused = same ? document.activeElement?.dataset?.action : undefined;
    if (!same) this.drafts.clear();
    this.view = view;
    this.draw(view, contextFor(view, this.drafts));
    if (!this.dialog.open) this.dialog.showModal();
    this.body.scrollTop = scroll;
    const before = focused && this.dialog.querySelector(`[data-action="${CSS.escape(focused)}"]`);
    (before || this.body).focus({ preventScroll: true });
  }

  draw(view, context) {
    const close = view.close?.text ?? "Close";
    const title = el("h2", { class: "modal-title", id: "modal-title" }, withEmoji(String(view.title?.text ?? "")));
    this.body = el(
      "div",
      { class: "modal-body", tabindex: 0, role: "region", "aria-labelledby": "modal-title" },
      blockNodes(view.blocks ?? [], context),
    );
    const form = el("form", { class: "modal-form", novalidate: true },
      el("header", { class: "modal-head" },
        el("span", { class: "avatar avatar-app avatar-tiny", "aria-hidden": "true" }, icon("app")),
        title,
        el("button", { type: "button", class: "modal-x", "aria-label": "Close", onclick: () => this.close() }, icon("x"))),
      this.body,
      el("footer", { class: "modal-foot" },
        el("button", { type: "button", class: "button button-large", onclick: () => this.close() }, withEmoji(String(close))),
        view.submit && el(
          "button",
          { type: "submit", class: "button button-large button-primary", "data-action": "submit" },
          withEmoji(String(view.submit.text)),
        )));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (view.submit) this.submit();
    });
    this.dialog.replaceChildren(form);
  }

  close() {
    if (this.view) this.onClose(this.view);
  }

  /** Submits the input. An empty required field is marked instead, as in Slack. */
  submit() {
    let first = null;
    for (const field of this.dialog.querySelectorAll(".field, .block-input select")) {
      const missing = field.required && field.value === "";
      const note = field.closest(".block-input").querySelector(".input-error");
      note.hidden = !missing;
      note.textContent = missing ? "Please complete this required field." : "";
      field.setAttribute("aria-invalid", String(missing));
      if (missing) first ??= field;
    }
    if (first) {
      first.focus();
      return;
    }
    const values = {};
    for (const { blockId, actionId, ...value } of this.drafts.values()) {
      (values[blockId] ??= {})[actionId] = value;
    }
    this.onSubmit(this.view, values, this.dialog.querySelector("[data-action=submit]"));
  }

  /** Shows the app's errors beside their fields; returns those of unknown fields. */
  refuse(viewId, errors) {
    if (this.view?.id !== viewId) return [];
    const unplaced = [];
    let first = null;
    for (const [blockId, message] of Object.entries(errors)) {
      const block = this.dialog.querySelector(`[data-block="${CSS.escape(blockId)}"]`);
      const note = block?.querySelector(".input-error");
      if (!note) {
        unplaced.push(String(message));
        continue;
      }
      note.hidden = false;
      note.textContent = String(message);
      const field = block.querySelector("input, select, textarea");
      field?.setAttribute("aria-invalid", "true");
      first ??= field;
    }
    first?.focus();
    return unplaced;
  }

  /** Keeps Tab inside of the dialog. */
  keepFocus(event) {
    if (event.key !== "Tab") return;
    const stops = [...this.dialog.querySelectorAll(FOCUSABLE)].filter((node) => node.offsetParent !== null && node.tabIndex >= 0);
    const [first, last] = [stops[0], stops.at(-1)];
    if (event.shiftKey ? document.activeElement === first : document.activeElement === last) {
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }
  }
}
