"""The check in front of HTTP requests: whatever is not signed by Slack, now, goes no further.

Slack signs ``v0:{timestamp}:{body}`` with the signing secret (HMAC-SHA256) and a request older than five minutes
may be a replay. Bolt checks the same, but answers 500 with a traceback to a timestamp that is no number.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Mapping

WINDOW_S = 300
"""How far a request's timestamp may be from now, in seconds, either way."""


def verified(secret: str, headers: Mapping[str, str], body: bytes, clock: Callable[[], float]) -> str | None:
    """The signature by which a request is known as genuine, computed and not taken from it.

    None where Slack did not sign this body in the last five minutes. Never raises; header names in any case.
    """
    found = {name.lower(): value for name, value in headers.items()}
    stamp = found.get("x-slack-request-timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12) or abs(clock() - int(stamp)) > WINDOW_S:
        return None
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    given = found.get("x-slack-signature", "").encode("utf-8", "replace")
    return digest if hmac.compare_digest(f"v0={digest}".encode(), given) else None


class Replays:
    """The signatures of the last minutes: a request that comes a second time was not sent by Slack again.

    Slack never repeats a command or a click, and signs whatever else it repeats anew. Each process remembers its
    own; another replica would take a copy once.
    """

    KEPT = 20_000
    """More than Slack sends one process in ten minutes; beyond that the oldest is forgotten."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: OrderedDict[str, float] = OrderedDict()

    def fresh(self, signature: str) -> bool:
        """Whether a verified request comes for the first time; remembers it."""
        now = self._clock()
        while self._seen and (len(self._seen) >= self.KEPT or now - next(iter(self._seen.values())) > 2 * WINDOW_S):
            self._seen.popitem(last=False)
        if signature in self._seen:
            return False
        self._seen[signature] = now
        return True
