// The sandbox's page: what one person sees of the local Slack.

import { Composer } from "./composer.js";
import { formatDate, refreshDates } from "./dates.js";
import { el, icon } from "./dom.js";
import { byTime, MessageList } from "./messages.js";
import { Modal } from "./modal.js";
import { mrkdwn } from "./mrkdwn.js";
import { Rail } from "./rail.js";
import { Scenes } from "./scenes.js";
import { Side } from "./side.js";
import { Thread } from "./thread.js";
import { follow, post } from "./wire.js";

const TICK_MS = 15_000;
const TOAST_MS = 10_000;
const USEFUL_ZONES = ["Europe/Paris", "America/New_York", "America/Los_Angeles", "Asia/Kolkata", "Australia/Lord_Howe"];
const BUSY_MS = 10_000; // an element that gets no answer stops looking busy

const $ = (id) => document.getElementById(id);
const person = new URLSearchParams(location.search).get("user") || "U0ONCALL";
let state = null;
let channel = null;
const unread = new Set();

const me = () => state.users.find((user) => user.id === person) ?? { id: person, name: person, title: "", tz: "UTC" };
const channelMessages = () => Object.values(state.messages[channel] ?? {});
/** Whether a message is shown in its thread only; without its root, it is shown in the channel. */
const isReply = ({ ts, thread_ts, channel: conversation }) =>
  Boolean(thread_ts) && thread_ts !== ts && Boolean(state.messages[conversation]?.[thread_ts]);
const channelRoots = () => channelMessages().filter((message) => !isReply(message)).sort(byTime);

/** The context for drawing; `surface` is the message or the view that a press belongs to. */
function context(surface, drafts = new Map()) {
  return {
    viewer: person,
    zone: me().tz,
    app: state.app,
    drafts,
    folds: Boolean(surface.message), // Slack folds long texts in messages, but not in modals
    headingLevel: surface.view ? 3 : 2, // below the channel's name, or below the modal's title
    user: (id) => state.users.find((user) => user.id === id),
    userName: (id) => (id === state.app.bot_user ? state.app.name : state.users.find((user) => user.id === id)?.name),
    channelName: (id) => state.channels.find((conversation) => conversation.id === id)?.name,
    press: (action, node) => press({ user: person, ...surface, ...action }, node),
  };
}

const messageSurface = (message) => context({ message: { channel: message.channel, ts: message.ts } });
const messageContext = (message) => ({
  ...messageSurface(message),
  replies: ({ ts }) => channelMessages().filter((other) => other.thread_ts === ts && other.ts !== ts).length,
  openThread: (root) => openThread(root.ts),
});
const viewContext = (view, drafts) => context({ view: { id: view.id } }, drafts);

function toast(text, tone = "error") {
  // An open modal dialog hides everything else from people and screen readers, so the toast goes inside of it.
  const parent = $("modal").open ? $("modal") : document.body;
  parent.append($("toasts"));
  const node = el("div", { class: `toast toast-${tone}` }, icon(tone === "error" ? "notice" : "tick"), el("p", {}, text),
    el("button", { type: "button", class: "toast-x", "aria-label": "Dismiss", onclick: () => node.remove() }, icon("x")));
  $("toasts").append(node);
  setTimeout(() => node.remove(), TOAST_MS);
}

/** No element is busy any more. */
function clearBusy() {
  for (const node of document.querySelectorAll("[aria-busy=true]")) node.removeAttribute("aria-busy");
}

async function send(path, body) {
  try {
    await post(path, body);
  } catch (error) {
    clearBusy();
    toast(`The sandbox did not take that: ${error.message}`);
  }
}

function press(body, node) {
  node.setAttribute("aria-busy", "true");
  setTimeout(() => node.removeAttribute("aria-busy"), BUSY_MS);
  send("click", body);
}

const rail = new Rail((task) => {
  composer.fill(`/schedtask ${task.id}`);
  composer.hide();
});
const drawRail = () => rail.draw(state, { channel, person, unread });
const list = new MessageList($("messages"), $("message-list"), $("welcome"));
const modal = new Modal($("modal"), {
  onSubmit: (view, values, node) => {
    node?.setAttribute("aria-busy", "true");
    send("view/submit", { user: person, view: { id: view.id }, values });
  },
  onClose: (view) => send("view/close", { user: person, view: { id: view.id } }),
});
const composer = new Composer($("composer"), {
  onSend: (text) => {
    $("messages").scrollTop = $("messages").scrollHeight;
    send("command", { user: person, channel, text });
  },
  onUnknown: (command) => toast(`${command} is not a command here. The sandbox knows /schedtask.`),
});

const side = new Side($("side"), $("scenes-button"), () => thread.show(null));
const thread = new Thread($("thread"), {
  onReply: (root, text) => send("command", { user: person, channel: root.channel, thread_ts: root.ts, text }),
});
const scenes = new Scenes($("scenes"), {
  onTrouble: (text) => {
    $("trouble").hidden = text === "";
    $("trouble").textContent = text;
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
  const conversation = state.channels.find(({ id }) => id === channel);
  thread.show(state.messages[channel]?.[ts] ?? null, channelMessages(), `${conversation?.kind === "dm" ? "" : "#"}${conversation?.name ?? channel}`, messageSurface);
}

function connection(text, tone) {
  $("connection").textContent = text;
  $("connection").dataset.tone = tone;
}

const drawConnected = (connected) => (connected ? connection("Bot connected", "good") : connection("Bot not connected", "bad"));

function drawClock() {
  const zone = me().tz;
  $("clock").textContent = formatDate(Date.now() / 1000, "{time}", zone);
  refreshDates(document.body, zone);
}

/** The time zones to choose from: people's own and a few instructive ones, then all. */
function drawZones() {
  const useful = [...new Set([...state.users.map(({ tz }) => tz), "UTC", ...USEFUL_ZONES, me().tz])];
  const group = (label, zones) => el("optgroup", { label }, zones.map((zone) =>
    el("option", { value: zone, selected: zone === me().tz }, zone.replaceAll("_", " "))));
  $("zone").replaceChildren(group("Often used", useful), group("All", state.zones.filter((zone) => !useful.includes(zone))));
  drawClock();
}

$("zone").addEventListener("change", () => send("zone", { user: person, tz: $("zone").value }));

function drawChannel() {
  const conversation = state.channels.find(({ id }) => id === channel);
  unread.delete(channel);
  $("channel-name").replaceChildren(icon(conversation?.kind === "dm" ? "person" : "hash"), conversation?.name ?? channel);
  $("you").textContent = [me().name, me().title].filter(Boolean).join(" · ");
  composer.box.placeholder = `Message ${conversation?.kind === "dm" ? "" : "#"}${conversation?.name ?? channel}, or type /schedtask`;
  document.title = `${conversation?.name ?? channel} · ${state.team.name}`;
  drawRail();
  list.show(channelRoots(), messageContext, me().tz);
}

function openFromAddress() {
  const requested = location.hash.slice(1);
  const before = channel;
  channel = state.channels.some(({ id }) => id === requested) ? requested : state.channels[0].id;
  if (before !== channel && side.showing === "thread") side.close();
  rail.drawer(false);
  drawChannel();
}

const byTs = (messages) => Object.fromEntries(messages.map((message) => [message.ts, message]));

/** Announces a message to screen readers: its `text`, as in a notification, and the titles of its files. */
function announce(message) {
  const about = context({});
  const files = (message.files ?? []).map((file) => `file ${file.title}`);
  const text = [mrkdwn(message.text ?? "", about).textContent, ...files].filter(Boolean).join(", ");
  $("announcer").textContent = `${about.userName(message.user) ?? message.user}: ${text}`;
}

function receive(message) {
  const known = (state.messages[message.channel] ??= {});
  const fresh = !(message.ts in known);
  known[message.ts] = message;
  if (message.ephemeral_to) clearBusy(); // an ephemeral answer ends the person's wait, too
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
  message: ({ message }) => receive(message),
  gone: ({ channel: conversation, ts }) => {
    delete state.messages[conversation]?.[ts];
    if (conversation !== channel) return;
    list.remove(ts, me().tz);
    if (thread.root) drawThread(thread.root.ts);
    if (!thread.root && side.showing === "thread") side.close();
  },
  views: ({ views }) => {
    clearBusy();
    modal.show(views, viewContext);
  },
  toast: ({ error, text }) => {
    clearBusy();
    toast(text || error);
  },
  connected: ({ connected }) => drawConnected(connected),
  errors: ({ view, errors }) => {
    clearBusy();
    for (const text of modal.refuse(view, errors)) toast(text);
  },
  zone: ({ user, tz }) => {
    state.users.find(({ id }) => id === user).tz = tz;
    if (user !== person) return;
    drawZones();
    drawChannel();
    modal.show(modal.stack, viewContext);
    if (thread.root) drawThread(thread.root.ts);
  },
  step: ({ step }) => scenes.put(step),
  steps: ({ steps }) => scenes.showSteps(steps),
  switch: ({ id, value }) => scenes.setSwitch(id, value),
};

follow(person, {
  onState: (received) => {
    const first = state === null;
    const messages = Object.entries(received.messages ?? {}).map(([conversation, list]) => [conversation, byTs(list)]);
    state = { ...received, messages: Object.fromEntries(messages) };
    composer.tasks = state.tasks;
    if (first) rail.drawTasks(state.tasks);
    openFromAddress();
    modal.show(state.views ?? [], viewContext);
    drawZones();
    scenes.show(state.steps, state.switches);
    if (thread.root) drawThread(thread.root.ts);
    drawConnected(state.connected);
    document.body.dataset.ready = "true";
    if (first && !$("modal").open && matchMedia("(pointer: fine)").matches) composer.box.focus();
  },
  onEvent: (event) => {
    if (Object.hasOwn(EVENTS, event.type)) EVENTS[event.type](event);
  },
  onLost: () => connection("Sandbox out of reach, trying again", "bad"),
});

$("scenes-button").addEventListener("click", () => side.toggle("scenes", "Behind the scenes"));
window.addEventListener("hashchange", () => state && openFromAddress());
setInterval(() => state && drawClock(), TICK_MS);
