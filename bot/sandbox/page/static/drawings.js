// Drawings of the emoji in the bot's cards, so that a machine without an emoji font shows the verdict's dot, too.

const NS = "http://www.w3.org/2000/svg";

const dot = (fill, edge) => [["circle", { cx: 10, cy: 10, r: 8.6, fill, stroke: edge, "stroke-width": 0.8 }]];
const box = (fill) => ["rect", { x: 1.5, y: 1.5, width: 17, height: 17, rx: 3.2, fill }];
const line = (d, stroke, width = 2) =>
  ["path", { d, fill: "none", stroke, "stroke-width": width, "stroke-linecap": "round", "stroke-linejoin": "round" }];
const shape = (d, fill) => ["path", { d, fill }];
const mark = (stroke) => [
  line("M6.6 6.3c.2-2 1.6-3.3 3.5-3.3 2 0 3.5 1.3 3.5 3.1 0 1.6-.9 2.4-2 3.2-1 .8-1.5 1.4-1.5 2.7", stroke, 2.4),
  ["circle", { cx: 10.1, cy: 16.2, r: 1.6, fill: stroke }],
];
const glass = (sand) => [
  line("M5 2.5h10M5 17.5h10", "#8a6d3b", 2.2),
  shape("M6 3.5h8c0 3.4-1.6 5-3.2 6.5 1.6 1.5 3.2 3.1 3.2 6.5H6c0-3.4 1.6-5 3.2-6.5C7.6 8.5 6 6.9 6 3.5Z", "#cfe3f1"),
  shape(sand, "#d99a2b"),
];

const DRAWINGS = {
  large_green_circle: dot("#2fa84f", "#1f7f39"),
  red_circle: dot("#dd2e44", "#a81f32"),
  large_yellow_circle: dot("#f5c33b", "#b98a12"),
  large_blue_circle: dot("#3b88c3", "#27618e"),
  white_circle: dot("#f2f3f5", "#8d8d8f"),
  white_check_mark: [box("#3aa655"), line("m5.5 10.6 3 3 6-7", "#fff", 2.4)],
  warning: [
    shape("M8.6 2.4c.6-1.1 2.2-1.1 2.8 0l7.3 13.3c.6 1-.2 2.3-1.4 2.3H2.700c-1.2 0-2-1.3-1.4-2.3Z", "#f5b82e"),
    line("M10 7v5", "#40310a", 2.2),
    ["circle", { cx: 10, cy: 15.1, r: 1.3, fill: "#40310a" }],
  ],
  x: [line("m4 4 12 12M16 4 4 16", "#dd2e44", 3.4)],
  no_entry: [...dot("#dd2e44", "#a81f32"), ["rect", { x: 4.5, y: 8.2, width: 11, height: 3.6, rx: 0.6, fill: "#fff" }]],
  no_entry_sign: [
    ["circle", { cx: 10, cy: 10, r: 7.6, fill: "none", stroke: "#dd2e44", "stroke-width": 2.6 }],
    line("m4.9 4.9 10.2 10.2", "#dd2e44", 2.6),
  ],
  question: mark("#dd2e44"),
  grey_question: mark("#8b959e"),
  hourglass: glass("M6.6 16.2c.3-2 2-2.9 3.4-2.900s3.1.9 3.4 2.9Z"),
  hourglass_flowing_sand: glass("M7.2 6h5.600c-.4 1.4-1.5 2.6-2.8 3.6C8.7 8.6 7.6 7.4 7.2 6Zm-.5 10.2c.3-1.5 1.8-2 3.3-2s3 .5 3.3 2Z"),
  stopwatch: [
    line("M10 4V2M8 1.5h4", "#6b747c", 1.8),
    ["circle", { cx: 10, cy: 11.3, r: 7, fill: "#fff", stroke: "#6b747c", "stroke-width": 1.8 }],
    line("M10 11.3V7.2", "#dd2e44", 1.8),
  ],
  rotating_light: [
    shape("M4.5 13.5a5.5 5.5 0 0 1 11 0Z", "#dd2e44"),
    ["rect", { x: 3, y: 14, width: 14, height: 3.6, rx: 1, fill: "#6b747c" }],
    line("M10 2.2v2.600M4 4.5l1.6 1.8M16 4.5l-1.6 1.8", "#f0932b", 1.8),
  ],
  double_vertical_bar: [box("#3b88c3"), line("M7.5 6v8M12.5 6v8", "#fff", 2.4)],
  arrows_counterclockwise: [
    box("#3b88c3"),
    line("M14.2 8.5A4.6 4.6 0 0 0 6 7.4M5.8 11.5a4.6 4.6 0 0 0 8.2 1.1M5.6 4.9v2.800h2.800M14.4 15.1v-2.8h-2.8", "#fff", 1.6),
  ],
  mag: [["circle", { cx: 8.3, cy: 8.3, r: 5.3, fill: "#cfe6f7", stroke: "#5b666f", "stroke-width": 1.8 }], line("m12.5 12.5 4.7 4.7", "#5b666f", 2.6)],
  key: [
    ["circle", { cx: 6.4, cy: 6.4, r: 3.4, fill: "none", stroke: "#c98a10", "stroke-width": 2.4 }],
    line("m9 9 8 8M13 13l2.2-2.2M15.6 15.6l2-2", "#c98a10", 2.2),
  ],
  lock: [
    line("M6.5 9V6.500a3.5 3.5 0 0 1 7 0V9", "#7b858d", 2.2),
    ["rect", { x: 4, y: 8.6, width: 12, height: 9.2, rx: 1.8, fill: "#e8ae2b" }],
  ],
  electric_plug: [
    line("M7.5 2.5v4M12.5 2.5v4M10 14v4", "#5b666f", 2.2),
    shape("M4.8 6.5h10.400v2.700a5.2 5.2 0 0 1-10.4 0Z", "#5b666f"),
  ],
  package: [shape("M2.5 6 10 2.5 17.5 6v8.500L10 18l-7.5-3.5Z", "#b98150"), line("M2.5 6 10 9.4 17.5 6M10 9.4V18", "#7d5229", 1.3)],
  boom: [shape("m10 1.5 1.8 4 4.2-1.7-1.5 4.1 4 2-4 1.9 1.5 4.3-4.2-1.6L10 18.5l-1.8-4L4 16.1l1.5-4.3-4-1.9 4-2L4 3.8l4.2 1.7Z", "#f0932b")],
};

export const isDrawn = (name) => Object.hasOwn(DRAWINGS, name);

/** The drawing of an emoji; the span around it carries the name. */
export function drawing(name) {
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "emoji-drawn");
  svg.setAttribute("aria-hidden", "true");
  for (const [tag, attributes] of DRAWINGS[name]) {
    const part = document.createElementNS(NS, tag);
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
    svg.append(part);
  }
  return svg;
}
