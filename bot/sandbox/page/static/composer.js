// The input line, with suggestions for slash commands as in Slack.

import { el } from "./dom.js";

const COMMAND = "/schedtask";
const MAX_SUGGESTIONS = 6;

/** Completions of a line: {line, title, note, final}. A `final` line is complete and can be sent. */
function suggestions(line, tasks) {
  if (!line.startsWith("/") || line.includes("\n")) return [];
  const space = line.indexOf(" ");
  if (space < 0) {
    return COMMAND.startsWith(line.toLowerCase())
      ? [{ line: `${COMMAND} `, title: `${COMMAND} [private] ST…`, note: "Show a scheduled O&M task", final: false }]
      : [];
  }
  if (line.slice(0, space) !== COMMAND) return [];
  const rest = line.slice(space + 1);
  const prefix = /^private\s+/i.exec(rest)?.[0] ?? "";
  const query = rest.slice(prefix.length).trim().toLowerCase();
  const rows = tasks
    .filter((task) => task.id.toLowerCase() !== query)
    .filter((task) => task.id.toLowerCase().startsWith(query) || task.name.toLowerCase().includes(query))
    .map((task) => ({ line: `${COMMAND} ${prefix}${task.id}`, title: task.name, note: task.id, final: true }));
  const extras = ["private", "help"]
    .filter((word) => !prefix && word.startsWith(query) && word !== query)
    .map((word) => ({
      line: `${COMMAND} ${word}${word === "help" ? "" : " "}`, title: `${COMMAND} ${word}`,
      note: word === "help" ? "How to use it" : "Show a task to yourself only", final: word === "help",
    }));
  return [...rows.slice(0, MAX_SUGGESTIONS), ...extras];
}

export class Composer {
  /** `onSend(line)` gets the whole line, `onUnknown(command)` an unknown slash command. */
  constructor(form, { onSend, onUnknown }) {
    this.form = form;
    this.box = form.querySelector("textarea");
    this.list = form.querySelector("[role=listbox]");
    this.send = form.querySelector(".send");
    this.tasks = [];
    this.chosen = -1;
    this.onSend = onSend;
    this.onUnknown = onUnknown;
    this.box.addEventListener("input", () => this.changed());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("blur", () => this.hide());
    this.box.addEventListener("focus", () => this.changed());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  /** Replaces the line. */
  fill(line) {
    this.box.value = line;
    this.box.focus();
    this.box.setSelectionRange(line.length, line.length);
    this.changed();
  }

  changed() {
    this.send.disabled = this.box.value.trim() === "";
    this.box.rows = Math.min(6, this.box.value.split("\n").length);
    this.rows = suggestions(this.box.value.trimStart(), this.tasks);
    this.choose(-1);
    this.list.replaceChildren(...this.rows.map((row, index) => el(
      "div",
      { role: "option", id: `suggestion-${index}`, "aria-selected": "false", class: "suggestion",
        onmousedown: (event) => { event.preventDefault(); this.take(index); } },
      el("span", { class: "suggestion-title" }, row.title),
      el("span", { class: "suggestion-note" }, row.note))));
    this.list.hidden = this.rows.length === 0;
  }

  hide() {
    this.list.hidden = true;
    this.choose(-1);
  }

  choose(index) {
    this.list.children[this.chosen]?.setAttribute("aria-selected", "false");
    this.chosen = index;
    const node = this.list.children[index];
    node?.setAttribute("aria-selected", "true");
    node?.scrollIntoView({ block: "nearest" });
    if (node) this.box.setAttribute("aria-activedescendant", node.id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  take(index) {
    const { line, final } = this.rows[index];
    this.fill(line);
    if (final) this.hide();
  }

  key(event) {
    if (event.isComposing) return;
    const open = !this.list.hidden;
    const count = this.rows?.length ?? 0;
    if (open && event.key === "ArrowDown") this.choose((this.chosen + 1) % count);
    else if (open && event.key === "ArrowUp") this.choose((this.chosen <= 0 ? count : this.chosen) - 1);
    else if (open && event.key === "Escape") this.hide();
    else if (open && event.key === "Tab" && !event.shiftKey) this.take(Math.max(0, this.chosen));
    else if (event.key === "Enter" && !event.shiftKey) {
      const unfinished = open && this.chosen < 0 && !this.box.value.trim().includes(" ") && this.box.value.trim() !== COMMAND;
      if (open && (this.chosen >= 0 || unfinished)) this.take(Math.max(0, this.chosen));
      else this.submit();
    } else return;
    event.preventDefault();
  }

  submit() {
    const line = this.box.value.trim();
    if (!line) return;
    const word = line.split(/\s/, 1)[0];
    if (word.startsWith("/") && word !== COMMAND) {
      this.onUnknown(word);
      return;
    }
    this.box.value = "";
    this.changed();
    // A pasted id may follow a tab, a line break or a no-break space; the command needs one plain space.
    this.onSend(word === COMMAND ? `${COMMAND} ${line.slice(word.length).trim()}`.trim() : line);
  }
}
