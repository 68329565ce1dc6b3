"""Every deadline and other bound in time, in seconds: ``Bot(settings, timings=…)`` hands each part its own.

What an operator sets is in ``bot.settings``. Bounds in number and size stand beside the code that keeps them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LookupTimings:
    """For one look-up of a task in COC, with all its calls."""

    answer_s: float = 8.5
    """All of it: whatever COC does, the person has an answer within 10 s of asking."""
    call_s: float = 8.0
    """One COC call with its retries, however long the operator allows; nobody joins one that hangs longer."""
    retry_s: float = 2.5
    """The last try of a COC call starts within this time after the start of the first."""
    extra_wait_s: float = 1.5
    """How much longer than the detail call a card may take for what only the list and history calls know."""
    history_wait_s: float = 5.0
    """How long COC may take for the runs when the runs are what somebody wants to see."""
    spare_s: float = 0.2
    """The extra calls are given up this long before the deadline, so that the card still goes out in time."""


@dataclass(frozen=True, slots=True)
class CredentialTimings:
    """For the cloud's keys and their renewal."""

    load_s: float = 10.0
    """One walk through the sources."""
    exchange_s: tuple[float, float] = (3.0, 5.0)
    """To connect to IAM or STS, and to read from it. The vendor's library waits 60 and 120 s."""
    renew_before_s: float = 2400.0
    """A renewal is due this long before expiry: the vendor library's threshold."""
    last_call_s: float = 60.0
    """A key this close to its expiry is used only after an attempt to renew it."""
    spacing_s: float = 60.0
    """Between two renewals while the current key is good: a source may return the same key for hours."""
    expired_spacing_s: float = 5.0
    """Between two renewals without a good key. Calls fail meanwhile, with the last reason."""


@dataclass(frozen=True, slots=True)
class ReplyTimings:
    """For calls to Slack."""

    call_s: float = 15.0
    """One call, connection included. If all of Slack is slow, giving up sooner helps nobody: the error goes through
    Slack too."""
    question_s: float = 5.0
    """A call that the answer has to wait for."""
    upload_s: float = 45.0
    """A file: two calls to Slack and its bytes, 3 MB for 10,000 machines."""
    retry_after_s: float = 2.0
    """The longest Retry-After that is waited for; a person would press again sooner."""


@dataclass(frozen=True, slots=True)
class AnswerTimings:
    """Between a person's press and the answer."""

    patience_s: float = 2.5
    """After this long without an answer, a note says that the bot still waits for COC."""
    note_s: float = 5.0
    """Posting that note. The answer waits for it, so that the note never comes after the answer."""
    resend_s: float = 20.0
    """An error card that Slack refused by every way is sent once more after this long: the outage may be over."""
    loading_s: float = 0.5
    """A click in a modal that is answered sooner shows no loading view in between."""
    settle_s: float = 0.5
    """How long Slack may take to show the view that a submission was acknowledged with."""


@dataclass(frozen=True, slots=True)
class AccessTimings:
    """How long Slack's answers about people count, and how long somebody waits for them."""

    group_s: float = 60.0
    """A user group's members count for this long."""
    guest_s: float = 300.0
    """The same for whether a person is a guest."""
    stale_s: float = 600.0
    """The same while Slack does not answer: nobody who was removed gets in for longer."""
    failed_s: float = 10.0
    """After a failure Slack is asked no sooner than this."""
    question_s: float = 5.0
    """One question with its retry."""
    wait_s: float = 2.5
    """How long a person waits: no longer than until the note that the bot waits for COC."""
    stale_wait_s: float = 1.0
    """The same for a person whom an old answer lets in: then the old answer stands."""


@dataclass(frozen=True, slots=True)
class SocketTimings:
    """For Socket Mode's connections."""

    ping_s: float = 5.0
    """Between two pings."""
    stale_s: float = 20.0
    """A connection without a pong for so long, four pings, is dead, whatever else it looks like."""
    open_s: float = 30.0
    """Opening one connection: asking for its address, the handshake."""
    linger_s: float = 30.0
    """A connection that Slack wants to close is served for so long, or until Slack closes it."""
    busy_s: float = 1.0
    """A connection stays open this long for acknowledgements under way; they take milliseconds."""
    close_s: float = 2.0
    """How long Slack may take to say goodbye; aiohttp would wait 10 s for a peer that is gone."""
    watch_s: float = 1.0
    """Between two looks at the connections."""
    pauses_s: tuple[float, ...] = (0.2, 1.0, 2.0, 5.0, 10.0)
    """Between tries to open a connection; the last one is repeated."""


@dataclass(frozen=True, slots=True)
class HttpTimings:
    """For the process's own HTTP server."""

    request_s: float = 5.0
    """From a connection, or the first byte on a kept one, to the end of the headers. Slack gives up after 3 s."""
    body_s: float = 5.0
    """From the end of the headers to the end of the body."""
    idle_s: float = 630.0
    """An answered connection without a next request. Proxies keep one for 600 s and must never find it closing."""
    sweep_s: float = 0.5
    """Between two looks for connections that are overdue."""
    log_s: float = 60.0
    """Failures to accept a connection are logged no more often."""
    linger_s: float = 1.0
    """The rest of a refused body is thrown away for so long: a sender that meets a reset may lose the answer."""
    stop_s: float = 2.0
    """For handlers under way when the process stops."""


@dataclass(frozen=True, slots=True)
class WriterTimings:
    """For the log's and the audit's lines on their way to a slow or broken sink."""

    first_pause_s: float = 0.1
    """After the first failure to write; each further pause is twice as long."""
    longest_pause_s: float = 5.0
    last_pause_s: float = 0.05
    """Between tries while the process stops."""
    blocked_s: float = 2.0
    """A sink that takes nothing for so long is an outage."""
    audit_stop_s: float = 3.0
    """Closing the audit waits this long for lines that can't be written."""
    log_stop_s: float = 2.0
    """The exit of the process waits this long for somebody to read the log."""


@dataclass(frozen=True, slots=True)
class Timings:
    """All of them. A test passes its own; everything else takes the defaults."""

    start_s: float = 15.0
    """Asking Slack at the start whose token it is."""
    doctor_s: float = 10.0
    """Each thing that ``doctor`` asks over the network."""
    traces_s: float = 3.0
    """One batch of traces with its retries, and the rest when the bot stops. OpenTelemetry's own default is 10 s."""
    lookup: LookupTimings = LookupTimings()
    credentials: CredentialTimings = CredentialTimings()
    replies: ReplyTimings = ReplyTimings()
    answers: AnswerTimings = AnswerTimings()
    access: AccessTimings = AccessTimings()
    socket: SocketTimings = SocketTimings()
    http: HttpTimings = HttpTimings()
    writer: WriterTimings = WriterTimings()


TIMINGS = Timings()
"""The defaults."""
