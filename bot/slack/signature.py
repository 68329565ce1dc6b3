"""Checks HTTP requests before anything else: only those that Slack has just signed go further.

Slack signs ``v0:{timestamp}:{body}`` with the signing secret (HMAC-SHA256). A request older than five minutes may be
a replay. Bolt checks the same, but answers a timestamp that is not a number with a 500 and a traceback.
"""

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from multidict import MultiMapping

from bot.slack.payloads import is_known_type

MAX_AGE_S = 300
"""How far a request's timestamp may be from now, in seconds, in either direction."""
STAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"
_SIGNATURE = re.compile("v0=[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused: the HTTP status, the reason for metrics and audit, and the text for the sender."""

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
    """Why a request is refused by its headers alone: the body of such a request is never read.

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
    return stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 and abs(clock() - int(stamp)) <= MAX_AGE_S


def verified(secret: str, headers: Mapping[str, str], body: bytes, clock: Callable[[], float]) -> str | None:
    """The request's signature, as computed here, if it is genuine; header names in any case.

    None if Slack did not sign this body in the last five minutes. Never raises.
    """
    by_name = {name.lower(): value for name, value in headers.items()}
    stamp = by_name.get(STAMP.lower(), "")
    if not _is_timely(stamp, clock):
        return None
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    sent = by_name.get(SIGNATURE.lower(), "").encode("utf-8", "replace")
    return digest if hmac.compare_digest(f"v0={digest}".encode(), sent) else None


class Replays:
    """The signatures of the last minutes: Slack does not send the same request twice.

    Slack never repeats a command or a click, and it signs anything else that it repeats anew. Each process remembers
    its own requests; another replica would take a copy once.
    """

    MOST = 20_000
    """More than Slack sends one process in ten minutes; beyond that the oldest is evicted."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: OrderedDict[str, float] = OrderedDict()

    def is_first(self, signature: str) -> bool:
        """Whether a verified request arrives for the first time; remembers it."""
        now = self._clock()
        while self._seen and (len(self._seen) >= self.MOST or now - next(iter(self._seen.values())) > 2 * MAX_AGE_S):
            self._seen.popitem(last=False)
        if signature in self._seen:
            return False
        self._seen[signature] = now
        return True
