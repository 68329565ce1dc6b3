"""The check in front of HTTP requests: whatever is not signed by Slack, now, goes no further.

Slack signs ``v0:{timestamp}:{body}`` with the signing secret (HMAC-SHA256) and a request older than five minutes
may be a replay. Bolt checks the same, but answers 500 with a traceback to a timestamp that is no number.
"""

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from multidict import MultiMapping

from bot.slack.payloads import is_known_type

WINDOW_S = 300
"""How far a request's timestamp may be from now, in seconds, either way."""
STAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"
_SIGNATURE = re.compile("v0=[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request goes no further: the HTTP status, the word for metric and audit, and what the sender reads."""

    status: int
    reason: str
    text: str


ENCODED = Refusal(415, "encoded", "compressed bodies are not accepted\n")
TOO_LARGE = Refusal(413, "too large", "larger than anything that Slack sends\n")
UNSIGNED = Refusal(401, "unsigned", "not signed by Slack\n")
REPLAYED = Refusal(401, "replayed", "a copy of an earlier request\n")
OTHER_TYPE = Refusal(415, "bad request", "not a content type that Slack sends\n")
BAD_REQUEST = Refusal(400, "bad request", "not a request of Slack's\n")
UNREADABLE = Refusal(400, "unreadable", "the body can't be read\n")
SLOW = Refusal(408, "slow", "the body took too long\n")


def refused_unread(headers: MultiMapping[str], most: int, clock: Callable[[], float]) -> Refusal | None:
    """Why a request is refused by its headers alone, so that a stranger's body of any kind is never read.

    ``headers`` ignore case; ``most`` is the largest body in bytes.
    """
    if "Content-Encoding" in headers or headers.get("Transfer-Encoding", "chunked").strip().lower() != "chunked":
        return ENCODED
    length = headers.get("Content-Length", "0")
    if not (length.isascii() and length.isdigit() and len(length) <= 20 and int(length) <= most):
        return TOO_LARGE
    stamps, signatures = headers.getall(STAMP, []), headers.getall(SIGNATURE, [])
    if len(stamps) != 1 or len(signatures) != 1:
        return UNSIGNED
    if not (_is_timely(stamps[0], clock) and _SIGNATURE.fullmatch(signatures[0])):
        return UNSIGNED
    return None if is_known_type(headers.get("Content-Type", "")) else OTHER_TYPE


def _is_timely(stamp: str, clock: Callable[[], float]) -> bool:
    return stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 and abs(clock() - int(stamp)) <= WINDOW_S


def verified(secret: str, headers: Mapping[str, str], body: bytes, clock: Callable[[], float]) -> str | None:
    """The signature by which a request is known as genuine, computed and not taken from it.

    None where Slack did not sign this body in the last five minutes. Never raises; header names in any case.
    """
    found = {name.lower(): value for name, value in headers.items()}
    stamp = found.get(STAMP.lower(), "")
    if not _is_timely(stamp, clock):
        return None
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    given = found.get(SIGNATURE.lower(), "").encode("utf-8", "replace")
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
