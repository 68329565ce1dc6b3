"""Errors of asking COC for something, as a tree; below it, what ends the process.

::

    CocError
    ├── CredentialsUnavailable     no credential source gave a key, or renewing one failed
    ├── Unreachable                no connection: DNS, refused, reset, TLS
    ├── TimedOut                   connect, read or total deadline passed
    ├── Busy                       the deadline passed while other large answers were being read
    ├── Refused                    COC said no; final, never retried
    │   ├── TaskNotFound           400 COC.00014102
    │   ├── ForeignTask            400 COC.00014121
    │   ├── InvalidRequest         400 COC.00014002, COC.00010002, any other 4xx
    │   ├── Unauthenticated        401 APIGW.0301
    │   │   └── TokenExpired       401 APIGW.0307
    │   ├── Forbidden              403
    │   └── WrongEndpoint          404, or a redirect: configuration, not a missing task
    ├── Throttled                  429 APIGW.0308
    ├── ServiceFailure             5xx, 494
    └── BadAnswer                  an answer we cannot use
        ├── Unreadable             HTML, truncated, not JSON, not an object
        ├── ErrorEnvelope          a 200 whose body reports an error with an unknown code
        ├── WrongTask              the answer is about another task, or names none
        └── TooLarge               more bytes or values than we are ready to read

The codes follow the vendor's document of the call and its error-code pages. The gateway writes its prefix both
``APIGW.`` and ``APIG.``. No message here holds a key, a signature or a token.
"""

from typing import Any, ClassVar


class CocError(Exception):
    """A COC call failed.

    ``status`` is the HTTP status (None without an answer). ``code`` and ``message`` are the service's own words
    (None where it sent none; cut to 500 characters). Support asks for ``request_id``. ``retry_after`` is in seconds.
    """

    transient: ClassVar[bool] = False
    """Whether the error says nothing about the task or our permissions: an earlier answer may still be right."""

    def __init__(
        self,
        detail: str = "",
        *,
        status: int | None = None,
        code: str | None = None,
        message: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.detail = detail
        self.status = status
        self.code = code
        self.message = message[:500] if message else None
        self.request_id = request_id
        self.retry_after = retry_after
        super().__init__(self.describe())

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed a moment later: no answer, 429, or a gateway's 502, 503 or 504."""
        if isinstance(self, ServiceFailure):
            return self.status in {502, 503, 504}
        return isinstance(self, Unreachable | Throttled)

    def describe(self) -> str:
        """One line for the log: class, status, code, the service's message, our own detail."""
        status = f"HTTP {self.status}" if self.status is not None else ""
        parts = ": ".join(part for part in (status, self.code, self.message, self.detail) if part)
        # No colon: after "CredentialsUnavailable:" the redactor would expect a secret.
        return ", ".join(part for part in (type(self).__name__, parts) if part)


class CredentialsUnavailable(CocError):
    """No credential source gave a key, or renewing a temporary one failed."""


class Unreachable(CocError):
    """No connection to the endpoint: name not found, refused, reset, TLS failure."""

    transient = True


class TimedOut(CocError):
    """A deadline passed; ``detail`` says which (connect, read, total) and after how many seconds."""

    transient = True


class Busy(CocError):
    """COC answered, but other large answers held the memory for reading it until the deadline."""

    transient = True


class Refused(CocError):
    """COC said no. Repeating the request will not help."""


class TaskNotFound(Refused):
    """400 COC.00014102: the task does not exist."""


class ForeignTask(Refused):
    """400 COC.00014121: the task belongs to another account."""


class InvalidRequest(Refused):
    """400 COC.00014002 or COC.00010002, or any other client error that has no class of its own."""


class Unauthenticated(Refused):
    """401: wrong key, skewed clock, or a key locked after failed signatures. Retrying would lock the key."""


class TokenExpired(Unauthenticated):
    """401 APIGW.0307: the temporary token must be renewed."""


class Forbidden(Refused):
    """403: the identity lacks ``permission``, e.g. ``coc:schedule:get``."""

    def __init__(self, detail: str = "", *, permission: str, **fields: Any) -> None:
        self.permission = permission
        super().__init__(detail, **fields)


class WrongEndpoint(Refused):
    """404 or a redirect: the endpoint is not COC's. COC answers 400 for a missing task."""


class Throttled(CocError):
    """429: too many requests. ``retry_after`` is the service's own number of seconds, or None."""

    transient = True


class ServiceFailure(CocError):
    """5xx or 494: gateway or backend trouble."""

    transient = True


class BadAnswer(CocError):
    """COC's answer is not what its documentation promises."""


class Unreadable(BadAnswer):
    """HTML, a truncated body, not JSON, or JSON of another shape."""

    transient = True


class ErrorEnvelope(BadAnswer):
    """A 200 whose body reports an error with a code that has no class of its own."""

    transient = True


class WrongTask(BadAnswer):
    """The answer is about another task, or names none."""


class TooLarge(BadAnswer):
    """The body has more bytes or more JSON values than the cap; it was not read to the end."""


class StartError(Exception):
    """The process can't start. The message is one line that says why and what to do."""


class LinkLost(Exception):
    """Slack can't be reached any more; another process may be luckier. The message is one line that says why."""
