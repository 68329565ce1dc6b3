// The sandbox's HTTP API: one state, one stream of changes, a few posts.

const RETRY_MS = 2000;

/** Posts `body`. Throws an Error whose message can be shown to people. */
export async function post(path, body) {
  const answer = await fetch(`/sandbox/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  if (answer.ok) return;
  const refusal = await answer.json().catch(() => ({}));
  throw new Error(refusal.error ?? `HTTP ${answer.status}`);
}

async function get(path) {
  const answer = await fetch(`/sandbox/${path}`, { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.json();
}

/** The details of a step: texts by name. */
export const details = (serial) => get(`steps/${serial}`);

/**
 * Follows the sandbox as `user`. `onState` gets the whole state at each connection, `onEvent` every later change;
 * `onLost` is called while the sandbox is out of reach. Changes wait while the state is being fetched.
 */
export function follow(user, { onState, onEvent, onLost }) {
  const source = new EventSource(`/sandbox/events?user=${encodeURIComponent(user)}`);
  let waiting = null;
  const reconnect = () => {
    source.close();
    onLost();
    setTimeout(() => follow(user, { onState, onEvent, onLost }), RETRY_MS);
  };
  source.addEventListener("open", async () => {
    waiting = [];
    try {
      onState(await get(`state?user=${encodeURIComponent(user)}`));
    } catch (error) {
      console.warn(`The sandbox's state could not be read: ${error.message}`);
      reconnect();
      return;
    }
    for (const event of waiting) onEvent(event);
    waiting = null;
  });
  source.addEventListener("message", ({ data }) => {
    const event = JSON.parse(data);
    if (waiting) waiting.push(event);
    else onEvent(event);
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) reconnect();
    else onLost(); // the browser reconnects by itself
  });
}
