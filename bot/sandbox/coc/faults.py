"""What may go wrong with a call of COC, as data: the answer that replaces the normal one, and how it is delivered."""

from dataclasses import dataclass, field
from typing import Any, Literal

PathKind = Literal["detail", "list", "history", "any"]


@dataclass
class AnswerFault:
    """One way in which an answer goes wrong.

    =================  ===========================================================================================
    ``status, body``   replace the answer; 200 without a body keeps the normal answer
    ``headers``        are added to the answer's
    ``delay``          seconds before the first byte
    ``drop``           resets the connection instead of answering
    ``truncate``       closes the connection after so many bytes of the body that Content-Length promised
    ``drip``           sends so many bytes at a time, with so many seconds in between
    ``times``          requests that this fault is still to hit; None for all
    =================  ===========================================================================================
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
        """Whether the normal answer is delivered, however late or broken."""
        return self.status == 200 and self.body is None

    def use_on(self, path_kind: str) -> bool:
        """Whether the fault hits a request of this kind; counts the request if so."""
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
"""HTTP status → code and message, in the words of the vendor's "API Request Signing Guide: Error Codes"."""
