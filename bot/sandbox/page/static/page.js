// The sandbox's page: what one person sees of the local Slack.

import { Composer } from "./composer.js";
import { formatDate, refreshDates } from "./dates.js";
import { el, icon } from "./dom.js";
import { avatar, byTime, MessageList } from "./messages.js";
import { Modal } from "./modal.js";
import { mrkdwn } from "./mrkdwn.js";
import { Scenes } from "./scenes.js";
import { Side } from "./side.js";
import { Thread } from "./thread.js";
import { follow, post } from "./wire.js";

const TICK_MS = 15_000;
const TOAST_MS = 10_000;
const USEFUL_ZONES = ["Europe/Paris", "America/New_York", "America/Los_Angeles", "Asia/Kolkata", "Australia/Lord_Howe"];
const PENDING_MS = 10_000; // a press that nothing answers stops looking busy

const $ = (id) => document.getElementById(id);
const person = new URLSearchParams(location.search).get("user") || "U0ONCALL";
let world = null;
let channel = null;
const unread = new Set();

const me = () => world.users.find((user) => user.id === person) ?? { id: person, name: person, title: "", tz: "UTC" };
const here = () => Object.values(world.messages[channel] ?? {});
/** Whether a message is shown in its thread only; one whose root is not here stands in the channel. */
const isReply = ({ ts, thread_ts, channel: place }) =>
  Boolean(thread_ts) && thread_ts !== ts && Boolean(world.messages[place]?.[thread_ts]);
const shown = () => here().filter((message) => !isReply(message)).sort(byTime);

/** What drawing needs to know; `surface` says where a press comes from. */
function context(surface, drafts = new Map()) {
  return {
    viewer: person,
    zone: me().tz,
    app: world.app,
    drafts,
    folds: Boolean(surface.message), // Slack folds long texts in messages, not in modals
    headingLevel: surface.view ? 3 : 2, // below the channel's name, or below the modal's title
    user: (id) => world.users.find((user) => user.id === id),
    userName: (id) => (id === world.app.bot_user ? world.app.name : world.users.find((user) => user.id === id)?.name),
    channelName: (id) => world.channels.find((place) => place.id === id)?.name,
    press: (action, node) => press({ user: person, ...surface, ...action }, node),
  };
}

const messageSurface = (message) => context({ message: { channel: message.channel, ts: message.ts } });
const messageContext = (message) => ({
  ...messageSurface(message),
  replies: ({ ts }) => here().filter((other) => other.thread_ts === ts && other.ts !== ts).length,
  openThread: (root) => openThread(root.ts),
});
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

const side = new Side($("side"), $("scenes-button"), () => thread.show(null));
const thread = new Thread($("thread"), {
  onReply: (root, text) => tell("command", { user: person, channel: root.channel, thread_ts: root.ts, text }),
});
const scenes = new Scenes($("scenes"), {
  onTrouble: (words) => {
    $("trouble").hidden = words === "";
    $("trouble").textContent = words;
  },
  onError: (error) => toast(`The sandbox did not take that: ${error.message}`),
});
$("trouble").addEventListener("click", () => side.open("scenes", "Behind the scenes"));

function openThread(ts) {
  drawThread(ts);
  side.open("thread", "Thread");
  thread.box.focus();
}

function drawThread(ts) {
  const place = world.channels.find(({ id }) => id === channel);
  thread.show(world.messages[channel]?.[ts] ?? null, here(), `${place?.kind === "dm" ? "" : "#"}${place?.name ?? channel}`, messageSurface);
}

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
  $("clock").textContent = formatDate(Date.now() / 1000, "{time}", zone);
  refreshDates(document.body, zone);
}

/** The zones to choose from: people's own and a few that show something, then all of them. */
function drawZones() {
  const few = [...new Set([...world.users.map(({ tz }) => tz), "UTC", ...USEFUL_ZONES, me().tz])];
  const group = (label, zones) => el("optgroup", { label }, zones.map((zone) =>
    el("option", { value: zone, selected: zone === me().tz }, zone.replaceAll("_", " "))));
  $("zone").replaceChildren(group("Often used", few), group("All", world.zones.filter((zone) => !few.includes(zone))));
  drawClock();
}

$("zone").addEventListener("change", () => tell("zone", { user: person, tz: $("zone").value }));

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
  const before = channel;
  channel = world.channels.some(({ id }) => id === wanted) ? wanted : world.channels[0].id;
  if (before !== channel && side.showing === "thread") side.close();
  drawer(false);
  drawChannel();
}

const byTs = (messages) => Object.fromEntries(messages.map((message) => [message.ts, message]));

/** Says a message's `text` to screen readers: the conclusion that notifications show, not the whole card. A file's title follows. */
function announce(message) {
  const about = context({});
  const files = (message.files ?? []).map((file) => `file ${file.title}`);
  const words = [mrkdwn(message.text ?? "", about).textContent, ...files].filter(Boolean).join(", ");
  $("announcer").textContent = `${about.userName(message.user) ?? message.user}: ${words}`;
}

function arrived(message) {
  const known = (world.messages[message.channel] ??= {});
  const fresh = !(message.ts in known);
  known[message.ts] = message;
  if (message.ephemeral_to) settle(); // an answer only to this person ends their wait as well
  if (message.channel === channel) {
    const root = isReply(message) ? known[message.thread_ts] : message;
    if (root) list.put(root, messageContext, me().tz);
    if (thread.root && root?.ts === thread.root.ts) drawThread(root.ts);
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
    if (place !== channel) return;
    list.remove(ts, me().tz);
    if (thread.root) drawThread(thread.root.ts);
    if (!thread.root && side.showing === "thread") side.close();
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
  errors: ({ view, errors }) => {
    settle();
    for (const words of modal.refuse(view, errors)) toast(words);
  },
  zone: ({ user, tz }) => {
    world.users.find(({ id }) => id === user).tz = tz;
    if (user !== person) return;
    drawZones();
    drawChannel();
    modal.show(modal.stack, viewContext);
    if (thread.root) drawThread(thread.root.ts);
  },
  step: ({ step }) => scenes.put(step),
  steps: ({ steps }) => scenes.showSteps(steps),
  switch: ({ id, value }) => scenes.turned(id, value),
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
    drawZones();
    scenes.show(world.steps, world.switches);
    if (thread.root) drawThread(thread.root.ts);
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
$("scenes-button").addEventListener("click", () => side.toggle("scenes", "Behind the scenes"));
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
