// Talking to the sandbox: one state, one stream of changes, a few posts.

const RETRY_MS = 2000;

/** Posts `body`; throws an Error whose message can be shown. */
export async function post(path, body) {
  const answer = await fetch(`/sandbox/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  if (answer.ok) return;
  const said = await answer.json().catch(() => ({}));
  throw new Error(said.error ?? `HTTP ${answer.status}`);
}

async function get(path) {
  const answer = await fetch(`/sandbox/${path}`, { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.json();
}

/** What a step behind the scenes carried: texts by their names. */
export const details = (serial) => get(`steps/${serial}`);

/**
 * Follows the sandbox as `user`. `onState` gets the whole state at each (re)connection, `onEvent` every change after
 * it, `onLost` is called while the sandbox can't be reached. Changes that arrive while the state is on its way wait.
 */
export function follow(user, { onState, onEvent, onLost }) {
  const source = new EventSource(`/sandbox/events?user=${encodeURIComponent(user)}`);
  let waiting = null;
  const again = () => {
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
      again();
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
    if (source.readyState === EventSource.CLOSED) again();
    else onLost(); // the browser tries again by itself
  });
}
