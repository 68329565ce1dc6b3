// Block Kit as elements. An unknown block becomes a grey box that says so.

import { el, icon } from "./dom.js";
import { elementNode, inputNode, picture } from "./elements.js";
import { withEmoji } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";
import { richText } from "./richtext.js";

/** A text object as a fragment: mrkdwn is parsed; of plain_text, only the emoji are drawn. */
function text(object, context) {
  const source = String(object?.text ?? "");
  if (object?.type === "mrkdwn") return mrkdwn(source, context, object.verbatim === true);
  return object?.emoji === false ? document.createTextNode(source) : withEmoji(source);
}

const FOLD_CHARACTERS = 700;
const FOLD_LINES = 12;

/** A long text of a message, folded behind "See more" as in Slack, unless the app sets `expand`. */
function folded(block, context) {
  const source = String(block.text.text ?? "");
  const node = el("div", { class: "text" }, text(block.text, context));
  const long = source.length > FOLD_CHARACTERS || source.split("\n").length > FOLD_LINES;
  if (!context.folds || block.expand || !long) return node;
  node.classList.add("folded");
  const more = el("button", { type: "button", class: "see-more", "aria-expanded": "false", onclick: () => {
    const open = !node.classList.toggle("folded");
    more.textContent = open ? "See less" : "See more";
    more.setAttribute("aria-expanded", String(open));
  } }, "See more");
  return [node, more];
}

function section(block, context) {
  const fields = (block.fields ?? []).map((field) => el("div", { class: "section-field text" }, text(field, context)));
  return [
    el("div", { class: "section-body" },
      block.text && folded(block, context),
      fields.length > 0 && el("div", { class: "section-fields" }, fields)),
    block.accessory && el("div", { class: "section-accessory" }, elementNode(block.accessory, block.block_id, context)),
  ];
}

function contextPart(element, context) {
  if (element.type === "image") return picture(element, "picture-small");
  return el("span", { class: "text" }, text(element, context));
}

let inputs = 0;

function input(block, context) {
  const id = `input-${(inputs += 1)}`;
  const triggers = block.element?.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const dispatches = block.dispatch_action === true;
  const typed = block.element?.type === "plain_text_input";
  const node = inputNode(block.element ?? {}, block.block_id, id, context, dispatches);
  const field = node.matches("input, select, textarea") ? node : node.querySelector("select");
  if (field && !block.optional) field.required = true;
  const hint = block.hint?.text ?? (dispatches && typed && triggers.includes("on_enter_pressed") ? "Press Enter to apply." : null);
  if (field && hint) field.setAttribute("aria-describedby", `${id}-hint`);
  return [
    el("label", { for: id, class: "input-label" }, withEmoji(String(block.label?.text ?? "")),
      block.optional && el("span", { class: "input-optional" }, " (optional)")),
    node,
    el("p", { class: "input-error", id: `${id}-error`, hidden: true, role: "alert" }),
    hint && el("p", { class: "input-hint", id: `${id}-hint` }, hint),
  ];
}

function table(block, context) {
  const align = (index) => ({ center: "cell-center", right: "cell-right" })[block.column_settings?.[index]?.align] ?? "";
  const wrap = (index) => (block.column_settings?.[index]?.is_wrapped ? "cell-wrapped" : "");
  const rows = (block.rows ?? []).map((row, at) => el("tr", {}, row.map((cell, index) => el(
    at === 0 ? "th" : "td",
    { class: `${align(index)} ${wrap(index)}`.trim() || null, scope: at === 0 && "col" },
    cell?.type === "rich_text" ? richText(cell, context) : String(cell?.text ?? ""),
  ))));
  const scroller = { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Table" };
  return el("div", scroller, el("table", {}, rows));
}

function alertBox(block, context) {
  const level = ["info", "warning", "error", "success"].includes(block.level) ? block.level : "default";
  return el("div", { class: `alert alert-${level}`, role: "note" }, icon(level === "success" ? "tick" : "notice"),
    el("div", { class: "text" }, text(block.text, context)));
}

const DRAW = {
  header: (block, context) =>
    el("div", { role: "heading", "aria-level": context.headingLevel, class: "header" }, text(block.text, context)),
  section,
  context: (block, context) => (block.elements ?? []).map((element) => contextPart(element, context)),
  divider: () => el("hr"),
  actions: (block, context) => (block.elements ?? []).map((element) => elementNode(element, block.block_id, context)),
  rich_text: richText,
  input,
  image: (block) => [
    block.title && el("div", { class: "picture-title" }, withEmoji(String(block.title.text))),
    picture(block, "picture"),
  ],
  table,
  alert: alertBox,
};

function blockNode(block, context) {
  if (!Object.hasOwn(DRAW, block?.type)) {
    return el("div", { class: "block unknown" }, `A block of type “${block?.type}” is not drawn here.`);
  }
  try {
    return el("div", { class: `block block-${block.type}`, "data-block": block.type === "input" && block.block_id }, DRAW[block.type](block, context));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // A malformed block must not take the rest of the message with it.
    return el("div", { class: "block unknown" }, `A malformed block of type “${block.type}” could not be drawn.`);
  }
}

/** The blocks of a message or a view, in order. */
export const blockNodes = (blocks, context) => blocks.map((block) => blockNode(block, context));
