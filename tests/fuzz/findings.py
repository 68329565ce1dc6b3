"""What a fuzzer found: each kind once, with the input that shows it, in files of a directory."""

import hashlib
import re
import traceback
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
_OURS = (ROOT / "bot", ROOT / "tests")


class Broke(AssertionError):
    """A property does not hold. ``kind`` tells findings apart where the place in the code does not."""

    def __init__(self, kind: str, words: str = "") -> None:
        self.kind = kind
        super().__init__(f"{kind}: {words}" if words else kind)


def signature(check: str, error: BaseException) -> str:
    """The same for the same fault: the check, the error's class and where in our code it came from."""
    if isinstance(error, Broke):
        return f"{check}: {re.sub('[0-9a-f]{6,}', '…', error.kind)}"
    frames = [
        f"{Path(frame.filename).relative_to(ROOT)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(ROOT / "bot") or Path(frame.filename).is_relative_to(ROOT / "tests")
    ]
    return f"{check}: {type(error).__name__} at {frames[-1] if frames else 'nowhere of ours'}"


@dataclass(slots=True)
class Findings:
    """The findings of one run; the directory is made with the first one."""

    directory: Path
    known: set[str] = field(default_factory=set)

    def is_known(self, check: str, error: BaseException) -> bool:
        """Whether this run has written one of the same kind."""
        return signature(check, error) in self.known

    def write(self, check: str, error: BaseException, reproducer: str, data: bytes | None = None) -> None:
        """Keep one: the traceback with what Hypothesis says of it, how to see it again, and the bytes."""
        found = signature(check, error)
        if found in self.known:
            return
        self.known.add(found)
        self.directory.mkdir(parents=True, exist_ok=True)
        stem = f"{re.sub('[^a-z0-9]+', '-', check.lower())}-{hashlib.sha256(found.encode()).hexdigest()[:8]}"
        if data is not None:
            kept = self.directory / f"{stem}.bin"
            kept.write_bytes(data)
            reproducer = f"{reproducer} --input {kept}"
        trace = "".join(traceback.format_exception(error))
        text = f"{found}\n\nReproduce: {reproducer}\n\n{trace}"
        (self.directory / f"{stem}.txt").write_text(text, "utf-8", "backslashreplace")
        print(f"FOUND {found}\n  {reproducer}\n  details: {self.directory / stem}.txt", flush=True)  # noqa: T201
