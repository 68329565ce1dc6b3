// rich_text blocks. Their text is shown verbatim, never parsed.

import { dateNode } from "./dates.js";
import { el, link, safeUrl } from "./dom.js";
import { emojiNode } from "./emoji.js";
import { broadcast, channelMention, userMention } from "./mrkdwn.js";

const STYLES = { bold: "strong", italic: "em", strike: "s", underline: "u", code: "code", highlight: "mark" };
const MAX_INDENT = 8; // Slack indents lists eight levels deep

function bare(leaf, context) {
  const text = String(leaf.text ?? "");
  switch (leaf.type) {
    case "text":
      return document.createTextNode(text);
    case "emoji":
      return emojiNode(String(leaf.name));
    case "link": {
      const address = safeUrl(leaf.url);
      return address ? link(address, text || String(leaf.url)) : document.createTextNode(text || String(leaf.url));
    }
    case "user":
      return userMention(String(leaf.user_id), null, context);
    case "usergroup":
      return broadcast(String(leaf.usergroup_id));
    case "channel":
      return channelMention(String(leaf.channel_id), null, context);
    case "broadcast":
      return broadcast(String(leaf.range));
    case "color":
      return el("code", {}, String(leaf.value));
    case "date": {
      const node = dateNode(Number(leaf.timestamp), String(leaf.format), String(leaf.fallback ?? ""), context.zone);
      const address = leaf.url && safeUrl(leaf.url);
      return address ? link(address, node) : node;
    }
    default:
      return el("span", { class: "unknown unknown-leaf" }, `${leaf.type} is not drawn here`);
  }
}

function leafNode(leaf, context) {
  return Object.keys(STYLES)
    .filter((style) => leaf.style?.[style])
    .reduceRight((inner, style) => el(STYLES[style], {}, inner), bare(leaf, context));
}

const leaves = (part, context) => (part.elements ?? []).map((leaf) => leafNode(leaf, context));

function list(part, context) {
  const ordered = part.style === "ordered";
  const indent = Math.min(part.indent ?? 0, MAX_INDENT);
  return el(
    ordered ? "ol" : "ul",
    {
      class: `rich-list indent-${indent} level-${indent % 3}${part.border ? " bordered" : ""}`,
      start: ordered && (part.offset ?? 0) + 1,
    },
    (part.elements ?? []).map((item) => el("li", {}, leaves(item, context))),
  );
}

/** The parts of a rich_text block, in order. */
export function richText(block, context) {
  return (block.elements ?? []).map((part) => {
    const border = part.border ? "bordered" : "";
    switch (part.type) {
      case "rich_text_section":
        return el("div", { class: "rich-section" }, leaves(part, context));
      case "rich_text_list":
        return list(part, context);
      case "rich_text_preformatted":
        return el("pre", { class: border }, leaves(part, context));
      case "rich_text_quote":
        return el("blockquote", { class: border }, leaves(part, context));
      default:
        return el("div", { class: "unknown" }, `${part.type} is not drawn here`);
    }
  });
}
