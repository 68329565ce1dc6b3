// The sandbox's page: what one person sees of the local Slack.

import { Composer } from "./composer.js";
import { formatDate, refreshDates } from "./dates.js";
import { el, icon } from "./dom.js";
import { avatar, byTime, MessageList } from "./messages.js";
import { Modal } from "./modal.js";
import { mrkdwn } from "./mrkdwn.js";
import { follow, post } from "./wire.js";

const TICK_MS = 15_000;
const TOAST_MS = 10_000;
const PENDING_MS = 10_000; // a press that nothing answers stops looking busy

const $ = (id) => document.getElementById(id);
const person = new URLSearchParams(location.search).get("user") || "U0ONCALL";
let world = null;
let channel = null;
const unread = new Set();

const me = () => world.users.find((user) => user.id === person) ?? { id: person, name: person, title: "", tz: "UTC" };
const shown = () => Object.values(world.messages[channel] ?? {}).sort(byTime);

/** What drawing needs to know; `surface` says where a press comes from. */
function context(surface, drafts = new Map()) {
  return {
    viewer: person,
    zone: me().tz,
    app: world.app,
    drafts,
    headingLevel: surface.view ? 3 : 2, // below the channel's name, or below the modal's title
    user: (id) => world.users.find((user) => user.id === id),
    userName: (id) => (id === world.app.bot_user ? world.app.name : world.users.find((user) => user.id === id)?.name),
    channelName: (id) => world.channels.find((place) => place.id === id)?.name,
    press: (action, node) => press({ user: person, ...surface, ...action }, node),
  };
}

const messageContext = (message) => context({ message: { channel: message.channel, ts: message.ts } });
const viewContext = (view, drafts) => context({ view: { id: view.id } }, drafts);

function toast(text, tone = "error") {
  // A modal dialog makes everything outside it silent and out of reach, so the note goes where the person is.
  const home = $("modal").open ? $("modal") : document.body;
  home.append($("toasts"));
  const node = el("div", { class: `toast toast-${tone}` }, icon(tone === "error" ? "notice" : "tick"), el("p", {}, text),
    el("button", { type: "button", class: "toast-x", "aria-label": "Dismiss", onclick: () => node.remove() }, icon("x")));
  $("toasts").append(node);
  setTimeout(() => node.remove(), TOAST_MS);
}

/** Nothing is waited for any more. */
function settle() {
  for (const node of document.querySelectorAll("[aria-busy=true]")) node.removeAttribute("aria-busy");
}

async function tell(path, body) {
  try {
    await post(path, body);
  } catch (error) {
    settle();
    toast(`The sandbox did not take that: ${error.message}`);
  }
}

function press(body, node) {
  node.setAttribute("aria-busy", "true");
  setTimeout(() => node.removeAttribute("aria-busy"), PENDING_MS);
  tell("click", body);
}

const list = new MessageList($("messages"), $("message-list"), $("welcome"));
const modal = new Modal($("modal"), {
  onSubmit: (view, values, node) => {
    node?.setAttribute("aria-busy", "true");
    tell("view/submit", { user: person, view: { id: view.id }, values });
  },
  onClose: (view) => tell("view/close", { user: person, view: { id: view.id } }),
});
const composer = new Composer($("composer"), {
  onSend: (text) => {
    $("messages").scrollTop = $("messages").scrollHeight;
    tell("command", { user: person, channel, text });
  },
  onUnknown: (command) => toast(`${command} is not a command here. The sandbox knows /schedtask.`),
});

function connection(words, tone) {
  $("connection").textContent = words;
  $("connection").dataset.tone = tone;
}

const said = (connected) => (connected ? connection("Bot connected", "good") : connection("Bot not connected", "bad"));

function drawRail() {
  $("team").textContent = world.team.name;
  $("channels").replaceChildren(...world.channels.map((place) => el("li", {}, el("a", {
    href: `#${place.id}`, class: unread.has(place.id) ? "place place-unread" : "place",
    "aria-current": place.id === channel && "page",
  }, icon(place.kind === "dm" ? "person" : "hash"), el("span", {}, place.name),
  unread.has(place.id) && el("span", { class: "visually-hidden" }, " (new messages)")))));
  $("people").replaceChildren(...world.users.map((user) => el("li", {}, el("a", {
    href: `?user=${encodeURIComponent(user.id)}${channel ? `#${channel}` : ""}`, class: "person",
    "aria-current": user.id === person && "true",
  }, avatar(user), el("span", {}, el("strong", {}, user.name), el("span", { class: "person-title" }, user.title))))));
}

function drawTasks() {
  $("tasks").replaceChildren(...world.tasks.map((task) => el("li", {}, el("button", {
    type: "button", class: "task",
    onclick: () => {
      drawer(false);
      composer.fill(`/schedtask ${task.id}`);
      composer.hide();
    },
  },
  el("span", { class: "task-name" }, task.name),
  el("span", { class: "task-note" }, task.note),
  el("span", { class: "task-id" }, task.id)))));
}

function drawClock() {
  const zone = me().tz;
  const place = zone.split("/").at(-1).replaceAll("_", " ");
  $("clock").textContent = `${formatDate(Date.now() / 1000, "{time}", zone)} ${place}`;
  $("clock").title = `Times on this page are in ${zone}`;
  refreshDates(document.body, zone);
}

function drawChannel() {
  const place = world.channels.find(({ id }) => id === channel);
  unread.delete(channel);
  $("channel-name").replaceChildren(icon(place?.kind === "dm" ? "person" : "hash"), place?.name ?? channel);
  $("you").textContent = [me().name, me().title].filter(Boolean).join(" · ");
  composer.box.placeholder = `Message ${place?.kind === "dm" ? "" : "#"}${place?.name ?? channel}, or type /schedtask`;
  document.title = `${place?.name ?? channel} · ${world.team.name}`;
  drawRail();
  list.show(shown(), messageContext, me().tz);
}

function openFromAddress() {
  const wanted = location.hash.slice(1);
  channel = world.channels.some(({ id }) => id === wanted) ? wanted : world.channels[0].id;
  drawer(false);
  drawChannel();
}

const byTs = (messages) => Object.fromEntries(messages.map((message) => [message.ts, message]));

/** Says a message's `text` to screen readers: the conclusion that notifications show, not the whole card. */
function announce(message) {
  const about = context({});
  const words = mrkdwn(message.text ?? "", about).textContent;
  $("announcer").textContent = `${about.userName(message.user) ?? message.user}: ${words}`;
}

function arrived(message) {
  const known = (world.messages[message.channel] ??= {});
  const fresh = !(message.ts in known);
  known[message.ts] = message;
  if (message.ephemeral_to) settle(); // an answer only to this person ends their wait as well
  if (message.channel === channel) {
    list.put(message, messageContext, me().tz);
    if (message.user !== person) announce(message);
  } else if (fresh) {
    unread.add(message.channel);
    drawRail();
  }
}

const EVENTS = {
  message: ({ message }) => arrived(message),
  gone: ({ channel: place, ts }) => {
    delete world.messages[place]?.[ts];
    if (place === channel) list.remove(ts, me().tz);
  },
  views: ({ views }) => {
    settle();
    modal.show(views, viewContext);
  },
  toast: ({ error, text }) => {
    settle();
    toast(text || error);
  },
  connected: ({ connected }) => said(connected),
};

follow(person, {
  onState: (state) => {
    const first = world === null;
    const open = Object.entries(state.messages ?? {}).map(([place, messages]) => [place, byTs(messages)]);
    world = { ...state, messages: Object.fromEntries(open) };
    composer.tasks = world.tasks;
    if (first) drawTasks();
    openFromAddress();
    modal.show(world.views ?? [], viewContext);
    drawClock();
    said(world.connected);
    document.body.dataset.ready = "true";
    if (first && !$("modal").open && matchMedia("(pointer: fine)").matches) composer.box.focus();
  },
  onEvent: (event) => {
    if (Object.hasOwn(EVENTS, event.type)) EVENTS[event.type](event);
  },
  onLost: () => connection("Sandbox out of reach, trying again", "bad"),
});

// On a phone the rail is a drawer; closed, it must not be reachable by Tab.
const narrow = matchMedia("(max-width: 760px)");

function drawer(open) {
  document.body.classList.toggle("drawer-open", open);
  $("rail").inert = narrow.matches && !open;
  $("drawer-button").setAttribute("aria-expanded", String(open));
  if (open) $("rail").querySelector("a")?.focus();
}

narrow.addEventListener("change", () => drawer(false));
$("drawer-button").addEventListener("click", () => drawer(!document.body.classList.contains("drawer-open")));
$("scrim").addEventListener("click", () => drawer(false));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !document.body.classList.contains("drawer-open")) return;
  drawer(false);
  $("drawer-button").focus();
});
drawer(false);
window.addEventListener("hashchange", () => world && openFromAddress());
setInterval(() => world && drawClock(), TICK_MS);
