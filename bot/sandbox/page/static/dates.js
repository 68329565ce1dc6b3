// Slack's date tokens, in the reader's time zone.

const MONTHS = [
  "January", "February", "March", "April", "May", "June",
  "July", "August", "September", "October", "November", "December",
];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const DAY_MS = 86_400_000;
const formatters = new Map();

function formatter(zone) {
  if (!formatters.has(zone)) {
    formatters.set(zone, new Intl.DateTimeFormat("en-US", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
      hour: "numeric", minute: "numeric", second: "numeric",
    }));
  }
  return formatters.get(zone);
}

/** The local time in `zone` at `ms` (milliseconds since 1970), with a `dayNumber` to compare days. */
export function wallClock(ms, zone) {
  const parts = Object.fromEntries(formatter(zone).formatToParts(ms).map((part) => [part.type, Number(part.value)]));
  const midnight = Date.UTC(parts.year, parts.month - 1, parts.day);
  return { ...parts, weekday: new Date(midnight).getUTCDay(), dayNumber: midnight / DAY_MS };
}

function ordinal(day) {
  const teen = day % 100 > 10 && day % 100 < 14;
  return `${day}${(!teen && { 1: "st", 2: "nd", 3: "rd" }[day % 10]) || "th"}`;
}

const two = (number) => String(number).padStart(2, "0");

function clock({ hour, minute, second }, withSeconds) {
  return `${hour % 12 || 12}:${two(minute)}${withSeconds ? `:${two(second)}` : ""} ${hour < 12 ? "AM" : "PM"}`;
}

const SPANS = [[31_536_000, "year"], [2_592_000, "month"], [86_400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];

function ago(ms, now) {
  const seconds = Math.round(Math.abs(now - ms) / 1000);
  const [size, unit] = SPANS.find(([length]) => seconds >= length) ?? SPANS.at(-1);
  const count = Math.floor(seconds / size);
  const text = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return ms > now ? `in ${text}` : `${text} ago`;
}

const dayWord = (then, today) => ({ "-1": "yesterday", 0: "today", 1: "tomorrow" })[then.dayNumber - today.dayNumber];

const TOKENS = {
  date_num: (t) => `${t.year}-${two(t.month)}-${two(t.day)}`,
  date_slash: (t) => `${two(t.month)}/${two(t.day)}/${t.year}`,
  date: (t) => `${MONTHS[t.month - 1]} ${ordinal(t.day)}, ${t.year}`,
  date_short: (t) => `${MONTHS[t.month - 1].slice(0, 3)} ${t.day}, ${t.year}`,
  date_long: (t) => `${DAYS[t.weekday]}, ${TOKENS.date(t)}`,
  date_long_full: (t) => `${MONTHS[t.month - 1]} ${t.day}, ${t.year}`,
  date_pretty: (t, today) => dayWord(t, today) ?? TOKENS.date(t),
  date_short_pretty: (t, today) => dayWord(t, today) ?? TOKENS.date_short(t),
  date_long_pretty: (t, today) => dayWord(t, today) ?? TOKENS.date_long(t),
  day_divider_pretty: (t, today) =>
    dayWord(t, today) ?? (t.year === today.year ? TOKENS.date_long(t).replace(/, \d+$/, "") : TOKENS.date_long(t)),
  time: (t) => clock(t, false),
  time_secs: (t) => clock(t, true),
  ago: (t, today, ms, now) => ago(ms, now),
};

/**
 * `format` with its {tokens} replaced for `unix` seconds in `zone`; null if that is impossible, and the fallback is shown.
 * As in Slack, "today" and the like are capitalized only at the start of the format.
 */
export function formatDate(unix, format, zone, now = Date.now()) {
  const ms = Number(unix) * 1000;
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return null;
  const [then, today] = [wallClock(ms, zone), wallClock(now, zone)];
  return format.replace(/\{(\w+)\}/g, (whole, name, offset) => {
    if (!Object.hasOwn(TOKENS, name)) return whole;
    const text = TOKENS[name](then, today, ms, now);
    return offset === 0 ? text[0].toUpperCase() + text.slice(1) : text;
  });
}

/** A <time> element for `unix` seconds, or the fallback as text. Its title is the full date with the zone. */
export function dateNode(unix, format, fallback, zone) {
  const text = formatDate(unix, format, zone);
  if (text === null) return document.createTextNode(fallback);
  const node = document.createElement("time");
  node.textContent = text;
  node.dateTime = new Date(unix * 1000).toISOString();
  node.title = `${formatDate(unix, "{date_long} at {time_secs}", zone)} (${zone})`;
  node.dataset.unix = unix;
  node.dataset.format = format;
  return node;
}

/** Updates every date below `root`: on an open page, "today" becomes "yesterday". */
export function refreshDates(root, zone) {
  for (const node of root.querySelectorAll("time[data-unix]")) {
    const text = formatDate(Number(node.dataset.unix), node.dataset.format, zone);
    if (text !== node.textContent) node.textContent = text;
  }
}
