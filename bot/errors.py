"""Everything that can go wrong between the bot and COC, as a tree; at the end, what ends the process.

::

    CocError
    ├── CredentialsUnavailable     no credential source gave a key, or renewing one failed
    ├── Unreachable                no connection: DNS, refused, reset, TLS
    ├── TimedOut                   connect, read or total deadline passed
    ├── Busy                       the deadline passed while other large answers were being read
    ├── Refused                    an answer that says no; final, never retried
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
        ├── ErrorEnvelope          a 200 whose body says that it failed, with a code we do not know
        ├── WrongTask              another task's id came back, or none
        └── TooLarge               more bytes or values than we are ready to read

The meaning of the codes follows the vendor's document of the call and its error-code pages. The gateway
writes its prefix both ``APIGW.`` and ``APIG.``. No message here holds a key, a signature or a token.
"""

from typing import ClassVar


class CocError(Exception):
    """A COC call failed.

    ``status`` is the HTTP status (None without an answer), ``code`` and ``message`` are the service's own
    words (None where it sent none; cut to 500 characters), ``request_id`` is what the vendor's support asks
    for, ``retry_after`` is in seconds.
    """

    passing: ClassVar[bool] = False
    """Whether it tells nothing about the task or our rights: an answer of a while ago may still be right."""

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
        """Whether the same request may succeed a moment later. False unless a class says otherwise."""
        return False

    def describe(self) -> str:
        """One line for the log: kind, status, code, what the service said, our own detail."""
        status = f"HTTP {self.status}" if self.status is not None else ""
        said = ": ".join(part for part in (status, self.code, self.message, self.detail) if part)
        # No colon: behind "CredentialsUnavailable:" the redactor would expect a secret.
        return ", ".join(part for part in (type(self).__name__, said) if part)


class CredentialsUnavailable(CocError):
    """No credential source gave a key, or renewing a temporary one failed."""


class Unreachable(CocError):
    """No connection to the endpoint: name not found, refused, reset, TLS failure."""

    passing = True

    @property
    def retryable(self) -> bool:
        """Yes: nothing was answered, or the answer was "later"."""
        return True


class TimedOut(CocError):
    """A deadline passed; ``detail`` says which (connect, read, total) and after how many seconds."""

    passing = True


class Busy(CocError):
    """COC answered, but until the deadline other large answers took all the memory set aside for reading them."""

    passing = True


class Refused(CocError):
    """COC answered no. Asking again the same way will not help."""


class TaskNotFound(Refused):
    """400 COC.00014102: there is no such task."""


class ForeignTask(Refused):
    """400 COC.00014121: the task belongs to another account."""


class InvalidRequest(Refused):
    """400 COC.00014002 or COC.00010002, or any other client error without a row of its own."""


class Unauthenticated(Refused):
    """401: wrong key, skewed clock, or a key locked after failed signatures. Never retried: it locks keys."""


class TokenExpired(Unauthenticated):
    """401 APIGW.0307: the temporary token must be renewed."""


class Forbidden(Refused):
    """403: the identity lacks ``permission``, e.g. ``coc:schedule:get``."""

    def __init__(
        self,
        detail: str = "",
        *,
        permission: str,
        status: int | None = None,
        code: str | None = None,
        message: str | None = None,
        request_id: str | None = None,
    ) -> None:
        self.permission = permission
        super().__init__(detail, status=status, code=code, message=message, request_id=request_id)


class WrongEndpoint(Refused):
    """404 or a redirect: the endpoint is not COC's. A missing task is answered with 400."""


class Throttled(CocError):
    """429: too many requests; ``retry_after`` seconds as the service said, else None."""

    passing = True

    @property
    def retryable(self) -> bool:
        """Yes: nothing was answered, or the answer was "later"."""
        return True


class ServiceFailure(CocError):
    """5xx or 494: gateway or backend trouble. 502, 503 and 504 are worth another try."""

    passing = True

    @property
    def retryable(self) -> bool:
        """Whether this status may pass by itself (502, 503, 504)."""
        return self.status in {502, 503, 504}


class BadAnswer(CocError):
    """COC answered, but not with what it documents."""


class Unreadable(BadAnswer):
    """HTML, a truncated body, not JSON, or JSON of another shape."""

    passing = True


class ErrorEnvelope(BadAnswer):
    """A 200 whose body is an error with a code that has no row of its own."""

    passing = True


class WrongTask(BadAnswer):
    """The answer is about another task, or names none."""


class TooLarge(BadAnswer):
    """The body has more bytes or more JSON values than the cap; it was not read to the end."""


class StartError(Exception):
    """The process can't start. The message is one line that says why and what to do."""


class LinkLost(Exception):
    """Slack can't be reached any more; another process may be luckier. The message is one line that says why."""
