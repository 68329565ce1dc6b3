// The rail at the left: channels, people and sample tasks. On a phone it is a drawer.

import { el, icon } from "./dom.js";
import { avatar } from "./messages.js";

const narrow = matchMedia("(max-width: 760px)");
const $ = (id) => document.getElementById(id);

export class Rail {
  /** `onTask(task)` is called with the sample task that the person picked. */
  constructor(onTask) {
    this.onTask = onTask;
    narrow.addEventListener("change", () => this.drawer(false));
    $("drawer-button").addEventListener("click", () => this.drawer(!this.isOpen()));
    $("scrim").addEventListener("click", () => this.drawer(false));
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.isOpen()) return;
      this.drawer(false);
      $("drawer-button").focus();
    });
    this.drawer(false);
  }

  isOpen() {
    return document.body.classList.contains("drawer-open");
  }

  /** Opens or closes the drawer. A closed one must not be reachable by Tab. */
  drawer(open) {
    document.body.classList.toggle("drawer-open", open);
    $("rail").inert = narrow.matches && !open;
    $("drawer-button").setAttribute("aria-expanded", String(open));
    if (open) $("rail").querySelector("a")?.focus();
  }

  /** Draws channels and people; `unread` is the set of channels with new messages. */
  draw({ team, channels, users }, { channel, person, unread }) {
    $("team").textContent = team.name;
    $("channels").replaceChildren(...channels.map((conversation) => el("li", {}, el("a", {
      href: `#${conversation.id}`, class: unread.has(conversation.id) ? "place place-unread" : "place",
      "aria-current": conversation.id === channel && "page",
    }, icon(conversation.kind === "dm" ? "person" : "hash"), el("span", {}, conversation.name),
    unread.has(conversation.id) && el("span", { class: "visually-hidden" }, " (new messages)")))));
    $("people").replaceChildren(...users.map((user) => el("li", {}, el("a", {
      href: `?user=${encodeURIComponent(user.id)}${channel ? `#${channel}` : ""}`, class: "person",
      "aria-current": user.id === person && "true",
    }, avatar(user), el("span", {}, el("strong", {}, user.name), el("span", { class: "person-title" }, user.title))))));
  }

  drawTasks(tasks) {
    $("tasks").replaceChildren(...tasks.map((task) => el("li", {}, el("button", {
      type: "button", class: "task",
      onclick: () => {
        this.drawer(false);
        this.onTask(task);
      },
    },
    el("span", { class: "task-name" }, task.name),
    el("span", { class: "task-note" }, task.note),
    el("span", { class: "task-id" }, task.id)))));
  }
}
