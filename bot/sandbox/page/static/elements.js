// Interactive elements. Each calls `context.press` with what Slack sends about it.

import { confirmed } from "./confirm.js";
import { el, icon, safeUrl } from "./dom.js";
import { withEmoji } from "./emoji.js";

const plain = (object) => withEmoji(String(object?.text ?? ""));

/** Presses an element, after its confirm dialog if it has one. */
async function act(element, blockId, extra, node, context) {
  if (element.confirm && !(await confirmed(element.confirm, context))) return false;
  context.press({ block_id: blockId, action_id: element.action_id, ...extra }, node);
  return true;
}

function button(element, blockId, context) {
  const style = ["primary", "danger"].includes(element.style) ? ` button-${element.style}` : "";
  const extra = element.value === undefined ? {} : { value: element.value };
  const attributes = {
    class: `button${style}`,
    "data-action": element.action_id,
    "aria-label": element.accessibility_label,
    onclick: (event) => act(element, blockId, extra, event.currentTarget, context),
  };
  const address = element.url && safeUrl(element.url);
  if (address) {
    // Slack opens the URL and sends the click to the app as well.
    const away = { href: address, target: "_blank", rel: "noopener noreferrer nofollow" };
    return el("a", { ...attributes, ...away }, plain(element.text));
  }
  return el("button", { ...attributes, type: "button" }, plain(element.text));
}

function option(choice, initial) {
  return el("option", { value: choice.value, selected: initial?.value === choice.value }, String(choice.text?.text ?? choice.value));
}

/** A select; `chosen` is called with the option object. */
function select(element, attributes, chosen, initial) {
  const groups = element.option_groups ?? [{ options: element.options ?? [] }];
  const choices = groups.flatMap((group) => group.options ?? []);
  const placeholder = String(element.placeholder?.text ?? "Choose an option");
  const node = el(
    "select",
    { "aria-label": placeholder, "data-action": element.action_id, ...attributes },
    el("option", { value: "", disabled: true, hidden: true, selected: !initial }, placeholder),
    groups.map((group) => {
      const options = (group.options ?? []).map((choice) => option(choice, initial));
      return group.label ? el("optgroup", { label: String(group.label.text) }, options) : options;
    }),
  );
  node.addEventListener("change", () => chosen(choices.find((choice) => choice.value === node.value), node));
  return el("span", { class: "select" }, node, icon("chevron"));
}

function staticSelect(element, blockId, context) {
  let before = element.initial_option ?? null;
  return select(element, {}, async (choice, node) => {
    if (await act(element, blockId, { selected_option: choice }, node, context)) before = choice;
    else node.value = before?.value ?? "";
  }, element.initial_option);
}

/** The ⋮ menu. A popover is above everything, dialogs included, and closes by itself on Esc or a click elsewhere. */
function overflow(element, blockId, context) {
  const items = (element.options ?? []).map((choice) =>
    el("button", {
      type: "button", role: "menuitem", tabindex: -1, class: "menu-item",
      onclick: () => {
        menu.hidePopover();
        opener.focus();
        const address = choice.url && safeUrl(choice.url);
        if (address) window.open(address, "_blank", "noopener,noreferrer");
        act(element, blockId, { selected_option: choice }, opener, context);
      },
    }, plain(choice.text)));
  const menu = el("div", { class: "menu", role: "menu", popover: "auto", "aria-label": "More actions" }, items);
  let wasOpen = false;
  const opener = el("button", {
    type: "button", class: "button button-overflow", "data-action": element.action_id,
    "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": "More actions",
    // A press outside closes the popover before the click arrives; the click must not reopen it.
    onpointerdown: () => (wasOpen = menu.matches(":popover-open")),
    onclick: () => {
      if (!wasOpen) {
        menu.showPopover();
        place();
      }
      wasOpen = false;
    },
  }, icon("dots"));
  const place = () => {
    const at = opener.getBoundingClientRect();
    const below = at.bottom + 4 + menu.offsetHeight <= window.innerHeight;
    menu.style.left = `${Math.max(8, Math.min(at.left, window.innerWidth - menu.offsetWidth - 8))}px`;
    menu.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - 4 - menu.offsetHeight)}px`;
    items[0]?.focus();
  };
  const step = (from, by) => items[(items.indexOf(from) + by + items.length) % items.length]?.focus();
  menu.addEventListener("toggle", (event) => opener.setAttribute("aria-expanded", String(event.newState === "open")));
  menu.addEventListener("keydown", (event) => {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) step(document.activeElement, moves[event.key]);
    else if (event.key === "Home") items[0]?.focus();
    else if (event.key === "End") items.at(-1)?.focus();
    else if (event.key === "Escape" || event.key === "Tab") {
      menu.hidePopover();
      opener.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation(); // Esc closes the menu, not the modal under it
  });
  return el("span", { class: "overflow" }, opener, menu);
}

/** An image of this page or a data: URL. Others are not loaded, because nothing may leave this machine. */
export function picture(element, className) {
  const alt = String(element.alt_text ?? "");
  const address = String(element.image_url ?? "");
  const near = address.startsWith("data:image/") || new URL(address, location.href).origin === location.origin;
  if (near && address) return el("img", { src: address, alt, class: className });
  return el(
    "span",
    { class: `${className} picture-away`, role: "img", "aria-label": alt, title: `Not loaded: ${address}` },
    icon("picture"),
    el("span", { class: "picture-alt" }, `${alt} (not loaded: nothing leaves this machine)`),
  );
}

/** The node for an interactive element or an image beside a section. */
export function elementNode(element, blockId, context) {
  switch (element.type) {
    case "button":
      return button(element, blockId, context);
    case "static_select":
      return staticSelect(element, blockId, context);
    case "overflow":
      return overflow(element, blockId, context);
    case "image":
      return picture(element, "picture-thumb");
    default:
      return el("span", { class: "unknown unknown-leaf" }, `${element.type} is not drawn here`);
  }
}

function textInput(element, blockId, id, context, dispatches) {
  const key = `${blockId}/${element.action_id}`;
  const draft = context.drafts.get(key);
  const node = el(element.multiline ? "textarea" : "input", {
    id, class: "field", "data-action": element.action_id, autocomplete: "off", spellcheck: "false",
    type: element.multiline ? null : "text", rows: element.multiline ? 4 : null,
    placeholder: element.placeholder?.text, minlength: element.min_length, maxlength: element.max_length,
  });
  node.value = draft?.value ?? element.initial_value ?? "";
  const about = { blockId, actionId: element.action_id, type: element.type };
  const keep = () => context.drafts.set(key, { ...about, value: node.value || null });
  keep();
  const on = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const send = () => context.press({ block_id: blockId, action_id: element.action_id, value: node.value }, node);
  node.addEventListener("input", () => {
    keep();
    if (dispatches && on.includes("on_character_entered")) send();
  });
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !dispatches || !on.includes("on_enter_pressed")) return;
    event.preventDefault();
    send();
  });
  return node;
}

function selectInput(element, blockId, id, context, dispatches) {
  const key = `${blockId}/${element.action_id}`;
  const initial = context.drafts.get(key)?.selected_option ?? element.initial_option;
  const keep = (choice) =>
    context.drafts.set(key, { blockId, actionId: element.action_id, type: element.type, selected_option: choice ?? null });
  keep(initial);
  return select(element, { id, "aria-label": null }, (choice, node) => {
    keep(choice);
    if (dispatches) context.press({ block_id: blockId, action_id: element.action_id, selected_option: choice }, node);
  }, initial);
}

/** The element of an input block. Its input is stored in `context.drafts` and survives an update of the view. */
export function inputNode(element, blockId, id, context, dispatches) {
  if (element.type === "plain_text_input") return textInput(element, blockId, id, context, dispatches);
  if (element.type === "static_select") return selectInput(element, blockId, id, context, dispatches);
  return el("span", { class: "unknown unknown-leaf" }, `${element.type} is not drawn here`);
}
