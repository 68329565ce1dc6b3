"""Sample ids whose detail call fails, each in a way that COC, its gateway or a proxy is known for."""

from bot.sandbox.coc.faults import AnswerFault
from bot.sandbox.coc.samples.document import document_example
from bot.sandbox.coc.samples.everyday import NIGHTLY
from bot.sandbox.coc.samples.parts import Json, SampleTask, instance, one_step, task

_HTML = (
    "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr><center>proxy</center></body></html>"
)
_GATEWAY_PAGE = _HTML.format("502 Bad Gateway")
_LOGIN_PAGE = _HTML.format("Please sign in to the guest network")


def _body(code: str, message: str) -> Json:
    return {"error_code": code, "error_msg": message}


NOT_FOUND = _body("COC.00014102", "The scheduled task does not exist.")
INVALID = _body("COC.00014002", "Invalid parameter: task_id.")

_IAM_BODY: Json = {
    "error": {
        "code": "403",
        "message": "User is not authorized to perform: coc:schedule:get on resource: coc:*:*:schedule:*",
        "title": "Forbidden",
    },
    "encoded_authorization_message": "CiQAZXhhbXBsZS1lbmNvZGVkLWF1dGhvcml6YXRpb24tbWVzc2FnZQ==",
}


def error_id(label: str) -> str:
    """The sample id that demonstrates an error such as ``429THROTTLED``: 26 readable characters."""
    return f"STERR{label}".ljust(26, "0")


def error_tasks() -> list[SampleTask]:
    """The ids that fail: errors by status, then unusable answers, then broken connections."""
    faults = {
        "400NOTFOUND": ("No such task: 400 COC.00014102, not 404", AnswerFault(status=400, body=NOT_FOUND)),
        "400FOREIGN": (
            "The task belongs to another account: 400 COC.00014121",
            AnswerFault(
                status=400, body=_body("COC.00014121", "The scheduled task does not belong to the current account.")
            ),
        ),
        "400INVALID": ("Invalid parameter: 400 COC.00014002", AnswerFault(status=400, body=INVALID)),
        "401SIGNATURE": ("Signature refused: 401 APIGW.0301", AnswerFault(status=401)),
        "401TOKEN": (
            "Temporary token ran out: 401 APIGW.0307",
            AnswerFault(status=401, body=_body("APIGW.0307", "The token must be updated.")),
        ),
        "403POLICY": (
            "Not permitted, said by IAM: 403, another body, no code of ours",
            AnswerFault(status=403, body=_IAM_BODY),
        ),
        "403GATEWAY": ("Not permitted, said by the gateway: 403 APIGW.0302", AnswerFault(status=403)),
        "404PATH": ("Wrong endpoint or path: 404 APIGW.0101", AnswerFault(status=404)),
        "429THROTTLED": (
            "Throttled for good: 429 APIGW.0308 with Retry-After: 1",
            AnswerFault(status=429, headers={"Retry-After": "1"}),
        ),
        "494HEADERS": ("Headers too large: 494", AnswerFault(status=494)),
        "500INTERNAL": (
            "Internal error: 500, its body says code and message",
            AnswerFault(status=500, body={"code": "COC.00010001", "message": "System error."}),
        ),
        "502HTML": ("A proxy's page: 502 in HTML", AnswerFault(status=502, body=_GATEWAY_PAGE)),
        "503BUSY": (
            "Unavailable: 503, its body in camelCase",
            AnswerFault(status=503, body={"errorCode": "APIG.0801", "errorMsg": "The service is unavailable."}),
        ),
        "504TIMEOUT": ("The backend took too long: 504", AnswerFault(status=504)),
        "200ENVELOPE": (
            "An error in a 200: only the missing id gives it away",
            AnswerFault(status=200, body=_body("COC.00010001", "System error.")),
        ),
        "200HTML": ("A sign-in page in a 200", AnswerFault(status=200, body=_LOGIN_PAGE)),
        "200LIST": ("JSON, but a list", AnswerFault(status=200, body=b"[]")),
        "200EMPTY": ("A 200 without a body", AnswerFault(status=200, body=b"")),
        "200OTHERID": ("Another task's id in the answer", AnswerFault(status=200, body=document_example(NIGHTLY))),
        "200TRUNCATED": ("Cut off: fewer bytes than Content-Length promised", AnswerFault(status=200, truncate=300)),
        "SLOW30S": ("Answers rightly, but after 30 seconds", AnswerFault(status=200, delay=30)),
        "HANGS": ("Never answers", AnswerFault(status=200, delay=24 * 3600)),
        "DRIPS": ("Answers rightly, but 20 bytes a second", AnswerFault(status=200, drip=(20, 1.0))),
        "302REDIRECT": (
            "Redirects to another task: a signed request must not follow",
            AnswerFault(
                status=302, body=_HTML.format("302 Found"), headers={"Location": f"/v1/schedule/task/{NIGHTLY}"}
            ),
        ),
        "RESET": ("The connection is reset", AnswerFault(drop=True)),
    }
    return [_error_task(label, note, answer) for label, (note, answer) in faults.items()]


def _error_task(label: str, note: str, answer: AnswerFault) -> SampleTask:
    task_id = error_id(label)
    name, steps = f"error-{label.lower()}", one_step(task_id, instance("slow-1", "10.90.0.1"))
    detail = task(task_id, name, steps=steps, trigger={"policy": "CRON", "cron": "0 0 6 * * ?"})
    return SampleTask(task_id, name, note, detail, answer=answer)
