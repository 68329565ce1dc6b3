// The files of a message; each is a box that links to its download.

import { el, icon } from "./dom.js";

const ICONS = { csv: "sheet", json: "braces" };
const KB = 1024;

/** A size in few digits: 1 byte, 512 bytes, 12 KB, 1.4 MB. */
export function size(bytes) {
  if (bytes < KB) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  const kb = Math.round(bytes / KB);
  return kb < KB ? `${kb} KB` : `${(bytes / KB / KB).toFixed(1)} MB`;
}

function fileNode(file, context) {
  const href = `/sandbox/files/${encodeURIComponent(file.id)}?user=${encodeURIComponent(context.viewer)}`;
  return el("li", {}, el("a", { class: "file", href, download: file.name, "data-action": `file ${file.id}` },
    el("span", { class: `file-kind file-${file.filetype}` }, icon(ICONS[file.filetype] ?? "file")),
    el("span", { class: "file-words" },
      el("span", { class: "file-name" }, el("span", { class: "visually-hidden" }, "Download "), file.title || file.name),
      el("span", { class: "file-about" }, `${file.pretty_type} · ${size(file.size)}`)),
    el("span", { class: "file-get" }, icon("download"))));
}

export const fileNodes = (files, context) =>
  (files?.length ? el("ul", { class: "files" }, files.map((file) => fileNode(file, context))) : null);
