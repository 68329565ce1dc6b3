// Slack's mrkdwn as a document fragment. Everything that is not Slack's markup stays text.

import { dateNode } from "./dates.js";
import { el, link, safeUrl } from "./dom.js";
import { emojiNode, knownEmoji } from "./emoji.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const FORMATS = { "*": "strong", _: "em", "~": "s" };
const BROADCASTS = new Set(["channel", "here", "everyone", "group"]);
const WORD = /[\p{L}\p{N}]/u;

/** Decodes the three entities that Slack decodes, and no others. */
export const unescape = (text) => text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]);

export function userMention(id, label, context) {
  const name = context.userName(id) ?? label ?? id;
  return el("span", { class: id === context.viewer ? "mention mention-me" : "mention" }, `@${name}`);
}

export const channelMention = (id, label, context) =>
  el("span", { class: "mention" }, `#${context.channelName(id) ?? label ?? id}`);

/** A mention that notifies people. It stands out, so that one that leaked from untrusted text is noticed here first. */
export const broadcast = (range) => el("span", { class: "mention mention-live", title: "Notifies people" }, `@${range}`);

/** The node for the content of <…>, or null if it has no meaning in Slack. */
function angle(content, context) {
  const bar = content.indexOf("|");
  const [target, label] = bar < 0 ? [content, null] : [content.slice(0, bar), content.slice(bar + 1)];
  let match;
  if ((match = /^@([UW][A-Z0-9]+)$/.exec(target))) return userMention(match[1], label && unescape(label), context);
  if ((match = /^#([CGD][A-Z0-9]+)$/.exec(target))) return channelMention(match[1], label && unescape(label), context);
  if ((match = /^!subteam\^([A-Z0-9]+)$/.exec(target))) {
    return broadcast(label ? unescape(label).replace(/^@/, "") : match[1]);
  }
  if ((match = /^!date\^(-?\d+)\^([^^]+)(?:\^(.+))?$/.exec(target))) {
    const date = dateNode(Number(match[1]), unescape(match[2]), unescape(label ?? ""), context.zone);
    const address = match[3] && safeUrl(unescape(match[3]));
    return address ? link(address, date) : date;
  }
  if (target[0] === "!" && BROADCASTS.has(target.slice(1))) return broadcast(target.slice(1));
  const address = /^(https?:\/\/|mailto:)/i.test(target) && safeUrl(unescape(target));
  return address ? link(address, unescape(label || target.replace(/^mailto:/i, ""))) : null;
}

/** The inside of code, where only <…> and entities have a meaning. */
function codeText(text, context) {
  const fragment = document.createDocumentFragment();
  let from = 0;
  for (const match of text.matchAll(/<([^<>]+)>/g)) {
    const node = angle(match[1], context);
    if (!node) continue;
    fragment.append(unescape(text.slice(from, match.index)), node);
    from = match.index + match[0].length;
  }
  fragment.append(unescape(text.slice(from)));
  return fragment;
}

const sticky = (pattern, text, at) => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

/** A line as a list of nodes, markers ({marker}) and single characters. */
function tokens(line, context, verbatim) {
  const list = [];
  let at = 0;
  const boundary = (from, to) => !WORD.test(line[from - 1] ?? " ") && !WORD.test(line[to] ?? " ");
  while (at < line.length) {
    let match;
    let node = null;
    if ((match = sticky(/<([^<>]+)>/y, line, at))) node = angle(match[1], context);
    else if ((match = sticky(/`([^`]+)`/y, line, at))) {
      node = boundary(at, at + match[0].length) ? el("code", {}, codeText(match[1], context)) : null;
    } else if ((match = sticky(/:([a-z0-9_+-]+):(?::skin-tone-[2-6]:)?/y, line, at))) {
      node = knownEmoji(match[1]) ? emojiNode(match[1]) : null;
    } else if (!verbatim && (match = sticky(/https?:\/\/[^\s<>|*~`]+[^\s<>|*~`.,;:!?'")\]]/y, line, at))) {
      const address = safeUrl(unescape(match[0]));
      node = address && !WORD.test(line[at - 1] ?? " ") ? link(address, unescape(match[0])) : null;
    }
    if (node) {
      list.push({ node });
      at += match[0].length;
    } else if ((match = sticky(/&(?:amp|lt|gt);/y, line, at))) {
      list.push(ENTITIES[match[0]]);
      at += match[0].length;
    } else {
      const character = String.fromCodePoint(line.codePointAt(at));
      list.push(character in FORMATS ? { marker: character } : character);
      at += character.length;
    }
  }
  return list;
}

const isWord = (token) => typeof token === "string" && WORD.test(token);
const isSpace = (token) => token === undefined || (typeof token === "string" && /\s/.test(token));

/** The index of the marker that closes the one at `open`, or -1. Slack demands words inside and no word character outside. */
function closing(list, open, end) {
  const { marker } = list[open];
  if (isWord(list[open - 1]) || isSpace(list[open + 1]) || list[open + 1]?.marker === marker) return -1;
  for (let at = open + 2; at < end; at += 1) {
    if (list[at].marker === marker && !isSpace(list[at - 1]) && !isWord(list[at + 1])) return at;
  }
  return -1;
}

function format(list, from, end, parent) {
  for (let at = from; at < end; at += 1) {
    const token = list[at];
    const close = token.marker ? closing(list, at, end) : -1;
    if (close > 0) {
      const inner = el(FORMATS[token.marker]);
      format(list, at + 1, close, inner);
      parent.append(inner);
      at = close;
    } else {
      parent.append(token.node ?? token.marker ?? token);
    }
  }
  parent.normalize();
}

function inline(line, context, verbatim, parent) {
  const list = tokens(line, context, verbatim);
  format(list, 0, list.length, parent);
}

/** Appends lines to `parent`; lines that begin with > become quotes, and >>> quotes everything after it. */
function lines(text, context, verbatim, parent) {
  let quote = null;
  let everything = false;
  let broken = true;
  for (const line of text.split("\n")) {
    const marker = /^(?:&gt;|>)/.exec(line);
    const triple = /^(?:&gt;|>){3}/.exec(line);
    if (everything || marker) {
      if (!quote) parent.append((quote = el("blockquote")));
      else quote.append("\n");
      const cut = everything ? line : line.slice((triple ?? marker)[0].length).replace(/^ /, "");
      everything ||= triple !== null;
      inline(cut, context, verbatim, quote);
      broken = true;
    } else {
      quote = null;
      if (!broken) parent.append("\n");
      inline(line, context, verbatim, parent);
      broken = false;
    }
  }
}

/** mrkdwn as a fragment. With `verbatim`, bare URLs do not become links; all other markup still works. */
export function mrkdwn(text, context, verbatim = false) {
  const fragment = document.createDocumentFragment();
  text.split(/```\n?([\s\S]+?)```\n?/).forEach((part, index) => {
    if (index % 2) fragment.append(el("pre", {}, codeText(part.replace(/\n$/, ""), context)));
    else if (part) lines(part.replace(/\n$/, ""), context, verbatim, fragment);
  });
  return fragment;
}
