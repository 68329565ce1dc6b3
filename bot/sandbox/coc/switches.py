"""The page's switches of the local COC: how it answers, what the bot's key may do, what the reviewer has decided."""

from bot.sandbox.coc.faults import AnswerFault
from bot.sandbox.coc.server import PERMISSIONS, LocalCoc
from bot.sandbox.switches import NORMAL, Choice, Switch

SLOW_SECONDS, VERY_SLOW_SECONDS, NEVER_SECONDS = 3.0, 7.0, 24 * 3600.0

_COC_CHOICES = (
    Choice(NORMAL, "as it should", "Nothing is broken."),
    Choice("slow", "after 3 s", "The bot says that it is still waiting, then answers."),
    Choice("very-slow", "after 7 s", "Longer than the bot waits for a silent COC."),
    Choice("never", "not at all", "The connection stays open and silent."),
    Choice("extras", "the list and history calls late", "The card comes without them and says so."),
    Choice("throttled", "“too many requests”", "429 with Retry-After: 1, every time."),
    Choice("failing", "“internal error”", "500, every time."),
    Choice("proxy", "a proxy's page", "502 in HTML instead of COC's JSON."),
    Choice("down", "by hanging up", "Every connection is reset."),
)
_REVIEW_CHOICES = (
    Choice(NORMAL, "not looked yet", "Tasks that wait for approval go on waiting."),
    Choice("approved", "approved what waited", "Press Refresh on the card of rolling-restart."),
    Choice("rejected", "rejected what waited", "Press Refresh on the card of rolling-restart."),
)
_KEY_CHOICES = (
    Choice(NORMAL, "everything it asks", "All three permissions of the README."),
    Choice("detail", "the task only", "coc:schedule:get; neither the list nor the history."),
    Choice("nothing", "nothing", "COC answers 403."),
)


def coc_switches(coc: LocalCoc) -> tuple[Switch, ...]:
    """The three switches of one local COC."""
    waiting = [
        task_id
        for task_id, task in coc.tasks.items()
        if isinstance(task.detail, dict) and task.detail.get("approve_status") == "PENDING"
    ]

    async def answer(value: str) -> None:
        coc.faults[:] = _faults(value)

    async def permit(value: str) -> None:
        names = {"detail": ("detail",), "nothing": ()}.get(value, tuple(PERMISSIONS))
        coc.permissions = {PERMISSIONS[name] for name in names}

    async def review(value: str) -> None:
        status, comment = {
            "approved": ("PASSED", "fine, go ahead"),
            "rejected": ("REJECTED", "run it at the weekend"),
        }.get(value, ("PENDING", None))
        for task_id in waiting:
            coc.change(task_id, approve_status=status, approve_comments=comment)

    return (
        Switch("coc", "COC answers", _COC_CHOICES, answer),
        Switch("key", "The bot's key may ask COC", _KEY_CHOICES, permit),
        Switch("review", "The reviewer has", _REVIEW_CHOICES, review),
    )


def _faults(value: str) -> list[AnswerFault]:
    match value:
        case "slow":
            return [AnswerFault(status=200, delay=SLOW_SECONDS)]
        case "very-slow":
            return [AnswerFault(status=200, delay=VERY_SLOW_SECONDS)]
        case "never":
            return [AnswerFault(status=200, delay=NEVER_SECONDS)]
        case "extras":
            return [AnswerFault(kind, status=200, delay=SLOW_SECONDS) for kind in ("list", "history")]
        case "throttled":
            return [AnswerFault(status=429, headers={"Retry-After": "1"})]
        case "failing":
            return [AnswerFault(status=500)]
        case "proxy":
            return [AnswerFault(status=502, body="<html><body><h1>502 Bad Gateway</h1></body></html>")]
        case "down":
            return [AnswerFault(drop=True)]
        case _:
            return []
