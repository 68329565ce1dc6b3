// The drawer "Behind the scenes": switches that break things, and each step between Slack, the bot and COC.

import { el, icon } from "./dom.js";
import { details, post } from "./wire.js";

const LANES = {
  request: ["Slack → bot", "What somebody did, as Slack sends it"],
  ack: ["bot → Slack", "The acknowledgement, within 3 s"],
  coc: ["bot → COC", "A call of COC's API"],
  reply: ["bot → Slack", "A call of Slack's API"],
  link: ["connection", "Whether Slack can reach the bot"],
};
const MAX_STEPS = 500;
const NEAR_END_PX = 60;

/** A duration in few digits: 0.42 ms, 14 ms, 3.2 s. */
export function duration(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(ms >= 1 ? 1 : 2)} ms`;
}

async function fill(step, box) {
  try {
    const texts = Object.entries(await details(step.serial));
    box.replaceChildren(...texts.flatMap(([name, text]) => [
      el("p", { class: "step-part" }, name),
      el("pre", { class: "step-text", tabindex: 0, role: "region", "aria-label": `${step.what}: ${name}` }, text),
    ]));
    if (!texts.length) box.replaceChildren(el("p", { class: "step-part" }, "nothing more to see"));
  } catch (error) {
    box.replaceChildren(el("p", { class: "step-part" }, error.message));
  }
}

export class Scenes {
  /** `onTrouble(text)` is called with what is broken on purpose, or with an empty text. */
  constructor(panel, { onTrouble, onError }) {
    this.steps = new Map();
    this.switches = [];
    this.onTrouble = onTrouble;
    this.onError = onError;
    this.board = panel.querySelector("#switches");
    this.list = panel.querySelector("#steps");
    this.scroller = panel.querySelector("#steps-scroll");
    this.none = panel.querySelector("#steps-none");
    panel.querySelector("#steps-clear").addEventListener("click", () => this.send("steps/clear", {}));
    panel.querySelector("#switches-reset").addEventListener("click", () => {
      for (const { id, value } of this.switches) if (value !== "normal") this.send("switch", { id, value: "normal" });
    });
    this.reset = panel.querySelector("#switches-reset");
  }

  async send(path, body) {
    try {
      await post(path, body);
    } catch (error) {
      this.onError(error);
      this.drawSwitches(); // back to their real positions
    }
  }

  /** Draws everything: at the start, and after a reconnection. */
  show(steps, switches) {
    this.switches = switches;
    this.drawSwitches();
    this.showSteps(steps);
  }

  showSteps(steps) {
    this.steps = new Map(steps.map((step) => [step.serial, step]));
    this.list.replaceChildren(...steps.map((step) => this.node(step)));
    this.none.hidden = steps.length > 0;
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  setSwitch(id, value) {
    const known = this.switches.find((one) => one.id === id);
    if (known) known.value = value;
    this.drawSwitches();
  }

  /** Adds a step that began, or updates one that ended. */
  put(step) {
    const atEnd = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < NEAR_END_PX;
    const known = this.steps.has(step.serial);
    this.steps.set(step.serial, step);
    if (known) this.list.querySelector(`[data-serial="${step.serial}"] summary`)?.replaceChildren(...this.summary(step));
    else this.list.append(this.node(step));
    this.none.hidden = true;
    while (this.steps.size > MAX_STEPS) {
      this.steps.delete(this.steps.keys().next().value);
      this.list.firstElementChild.remove();
    }
    if (atEnd) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  drawSwitches() {
    const focused = document.activeElement?.dataset?.switch;
    this.board.replaceChildren(...this.switches.map((one) => {
      const chosen = one.choices.find((choice) => choice.value === one.value);
      const broken = one.value !== "normal";
      const box = el("select", { id: `switch-${one.id}`, "data-switch": one.id, "aria-describedby": `switch-${one.id}-note` },
        one.choices.map((choice) => el("option", { value: choice.value, selected: choice.value === one.value }, choice.label)));
      box.addEventListener("change", () => this.send("switch", { id: one.id, value: box.value }));
      return el("div", { class: broken ? "switch switch-broken" : "switch" },
        el("label", { for: `switch-${one.id}` }, one.label), el("span", { class: "select" }, box, icon("chevron")),
        el("p", { class: "switch-note", id: `switch-${one.id}-note`, hidden: !broken }, chosen?.note ?? ""));
    }));
    if (focused) this.board.querySelector(`[data-switch="${CSS.escape(focused)}"]`)?.focus();
    const broken = this.switches.filter(({ value }) => value !== "normal");
    this.reset.disabled = broken.length === 0;
    this.onTrouble(broken.map(({ label, value, choices }) => `${label} ${choices.find((c) => c.value === value)?.label}`).join(" · "));
  }

  node(step) {
    const box = el("div", { class: "step-details" });
    const fold = el("details", {}, el("summary", {}, ...this.summary(step)), box);
    fold.addEventListener("toggle", () => fold.open && fill(step, box));
    return el("li", { class: `step step-${step.lane}`, "data-serial": step.serial }, fold);
  }

  summary(step) {
    const current = this.steps.get(step.serial) ?? step;
    const [lane, title] = LANES[step.lane];
    const state = current.outcome === "" ? "step-open" : current.good ? "step-good" : "step-bad";
    const isRequest = step.lane === "request";
    return [
      el("span", { class: "step-when" }, this.when(step)),
      el("span", { class: "step-lane", title }, lane),
      el("span", { class: "step-what" }, step.what, isRequest && el("span", { class: "step-serial" }, ` #${step.serial}`),
        this.otherRequest(step)),
      !isRequest && el("span", { class: `step-outcome ${state}` }, current.outcome || "under way …"),
      !isRequest && current.ms !== null && current.ms !== undefined && el("span", { class: "step-ms" }, duration(current.ms)),
    ].filter(Boolean);
  }

  /** The last request before a step; the step's time is relative to it. */
  requestBefore(step) {
    let last = null;
    for (const other of this.steps.values()) {
      if (other.serial > step.serial) break;
      if (other.lane === "request") last = other;
    }
    return last;
  }

  when(step) {
    const from = this.steps.get(step.request) ?? this.requestBefore(step);
    if (step.lane === "request" || !from || step.lane === "link") {
      const at = new Date(step.at * 1000);
      return `${at.toTimeString().slice(0, 8)}`;
    }
    return `+${duration(Math.max(0, (step.at - from.at) * 1000))}`;
  }

  /** The request of a step, if another one began in between. */
  otherRequest(step) {
    const last = this.requestBefore(step);
    return step.request && last && step.request !== last.serial
      ? el("span", { class: "step-serial" }, ` for #${step.request}`) : null;
  }
}
