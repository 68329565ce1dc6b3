// The emoji names in cards. Like Slack, the page shows an unknown name as text.

import { drawing, isDrawn } from "./drawings.js";

const TABLE = {
  large_green_circle: "🟢", red_circle: "🔴", large_red_circle: "🔴", large_yellow_circle: "🟡", large_orange_circle: "🟠",
  large_blue_circle: "🔵", large_purple_circle: "🟣", large_brown_circle: "🟤", white_circle: "⚪", black_circle: "⚫",
  large_green_square: "🟩", large_red_square: "🟥", large_yellow_square: "🟨", large_orange_square: "🟧",
  large_blue_square: "🟦", white_large_square: "⬜", black_large_square: "⬛",
  small_blue_diamond: "🔹", small_orange_diamond: "🔸",
  warning: "⚠️", white_check_mark: "✅", ballot_box_with_check: "☑️", heavy_check_mark: "✔️", x: "❌", heavy_multiplication_x: "✖️",
  no_entry: "⛔", no_entry_sign: "🚫", octagonal_sign: "🛑", question: "❓", grey_question: "❔", exclamation: "❗",
  grey_exclamation: "❕", bangbang: "‼️", information_source: "ℹ️", heavy_plus_sign: "➕", heavy_minus_sign: "➖",
  lock: "🔒", unlock: "🔓", closed_lock_with_key: "🔐", key: "🔑", shield: "🛡️",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", stopwatch: "⏱️", timer_clock: "⏲️", alarm_clock: "⏰", watch: "⌚",
  clock1: "🕐", clock2: "🕑", clock3: "🕒", clock4: "🕓", clock5: "🕔", clock6: "🕕",
  clock7: "🕖", clock8: "🕗", clock9: "🕘", clock10: "🕙", clock11: "🕚", clock12: "🕛",
  calendar: "📆", date: "📅", spiral_calendar_pad: "🗓️", zzz: "💤", crescent_moon: "🌙", sunny: "☀️", snowflake: "❄️",
  arrows_counterclockwise: "🔄", repeat: "🔁", repeat_one: "🔂", leftwards_arrow_with_hook: "↩️",
  arrow_right: "➡️", arrow_left: "⬅️", arrow_up: "⬆️", arrow_down: "⬇️", arrow_forward: "▶️", arrow_backward: "◀️",
  arrow_upper_right: "↗️", arrow_lower_right: "↘️",
  fast_forward: "⏩", rewind: "⏪", pause_button: "⏸️", double_vertical_bar: "⏸️", stop_button: "⏹️",
  black_right_pointing_triangle_with_double_vertical_bar: "⏯️", black_square_for_stop: "⏹️", record_button: "⏺️",
  bust_in_silhouette: "👤", busts_in_silhouette: "👥", wave: "👋", "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎",
  eyes: "👀", robot_face: "🤖", raised_hand: "✋", pray: "🙏", point_right: "👉",
  bell: "🔔", no_bell: "🔕", mega: "📣", loudspeaker: "📢", rotating_light: "🚨", satellite: "📡", satellite_antenna: "📡",
  mag: "🔍", mag_right: "🔎", page_facing_up: "📄", page_with_curl: "📃", clipboard: "📋", memo: "📝", scroll: "📜",
  file_folder: "📁", open_file_folder: "📂", package: "📦", inbox_tray: "📥", outbox_tray: "📤", floppy_disk: "💾",
  ticket: "🎫", label: "🏷️", pushpin: "📌", round_pushpin: "📍", paperclip: "📎", link: "🔗", bookmark: "🔖",
  bar_chart: "📊", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", abacus: "🧮",
  computer: "💻", desktop_computer: "🖥️", keyboard: "⌨️", electric_plug: "🔌", battery: "🔋", cloud: "☁️",
  wrench: "🔧", hammer: "🔨", hammer_and_wrench: "🛠️", gear: "⚙️", broom: "🧹", wastebasket: "🗑️", construction: "🚧",
  globe_with_meridians: "🌐", earth_asia: "🌏", earth_africa: "🌍", earth_americas: "🌎", house: "🏠", factory: "🏭",
  tada: "🎉", bulb: "💡", sparkles: "✨", rocket: "🚀", fire: "🔥", boom: "💥", zap: "⚡", star: "⭐", bug: "🐛",
  speech_balloon: "💬", thought_balloon: "💭", checkered_flag: "🏁", triangular_flag_on_post: "🚩",
  one: "1️⃣", two: "2️⃣", three: "3️⃣", four: "4️⃣", five: "5️⃣", six: "6️⃣", seven: "7️⃣", eight: "8️⃣", nine: "9️⃣",
};

export const knownEmoji = (name) => Object.hasOwn(TABLE, name);

/** The emoji as a picture with a name for screen readers, or `:name:` as text. */
export function emojiNode(name) {
  if (!knownEmoji(name)) return document.createTextNode(`:${name}:`);
  const node = document.createElement("span");
  node.className = "emoji";
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", name.replaceAll("_", " "));
  node.title = `:${name}:`;
  if (isDrawn(name)) node.append(drawing(name));
  else node.textContent = TABLE[name];
  return node;
}

/** Plain text with its emoji drawn: Slack's plain_text with "emoji": true. */
export function withEmoji(text) {
  const fragment = document.createDocumentFragment();
  let from = 0;
  for (const match of text.matchAll(/:([a-z0-9_+-]+):/g)) {
    if (!knownEmoji(match[1]) || match.index < from) continue;
    fragment.append(text.slice(from, match.index), emojiNode(match[1]));
    from = match.index + match[0].length;
  }
  fragment.append(text.slice(from));
  return fragment;
}
