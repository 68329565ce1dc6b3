"""What may go wrong on the way to COC, as data: which answer comes instead, and how it is delivered."""

from dataclasses import dataclass, field
from typing import Any, Literal

PathKind = Literal["detail", "list", "history", "any"]


@dataclass
class Fault:
    """One way an answer goes wrong.

    ``status`` and ``body`` replace the answer; with 200 and no body the normal answer is delivered, only
    slower or broken as the other fields say. ``delay`` is in seconds, before the first byte. ``drop`` resets
    the connection instead of answering; ``truncate`` closes it after that many bytes of the body that
    Content-Length promised; ``drip`` sends so many bytes at a time, with so many seconds in between.
    ``times`` is how many requests are left to suffer (None: all).
    """

    path_kind: PathKind = "any"
    status: int = 429
    body: dict[str, Any] | bytes | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    times: int | None = None
    drop: bool = False
    truncate: int | None = None
    drip: tuple[int, float] | None = None

    @property
    def keeps_answer(self) -> bool:
        """Whether the normal answer is delivered after all."""
        return self.status == 200 and self.body is None

    def meets(self, path_kind: str) -> bool:
        """Whether it befalls a request of this kind; counts it if so."""
        if self.path_kind not in {"any", path_kind} or self.times == 0:
            return False
        if self.times is not None:
            self.times -= 1
        return True


GATEWAY_ERRORS: dict[int, tuple[str, str]] = {
    401: ("APIGW.0301", "Incorrect IAM authentication information: verify aksk signature fail"),
    403: ("APIGW.0302", "The IAM user is not authorized to access the API."),
    404: ("APIGW.0101", "The API does not exist or has not been published in the environment."),
    413: ("APIGW.0201", "Request entity too large."),
    429: (
        "APIGW.0308",
        "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:1 minute",
    ),
    494: ("APIGW.0201", "Request headers too large."),
    500: ("APIGW.0605", "Internal error."),
    502: ("APIGW.0202", "Backend unavailable."),
    503: ("APIGW.0801", "The service is unavailable."),
    504: ("APIGW.0201", "Backend timeout."),
}
"""HTTP status → code and message, as the vendor's "API Request Signing Guide: Error Codes" words them."""
