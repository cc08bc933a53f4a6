"""Answers from the sandbox: data of a few exact kinds, and no more of it than makes sense."""

import json
from typing import Any

from cachesim.errors import CachesimError

LONGEST_LINE = 1 << 20  # bytes of one answer
DEEPEST = 16  # levels of an answer
MOST_DIGITS = 18  # of a whole number in an answer


class AnswerError(CachesimError):
    """The student's code gave no answer that counts; `status` says which kind of failure it was."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status  # error, timed out or crashed


def parsed(line: bytes) -> dict[str, Any]:
    """Return an answer. Raises AnswerError for anything but a JSON object of bounded size and depth."""
    if _depth(line) > DEEPEST:
        raise AnswerError("error", "an answer is nested too deeply")
    try:
        answer = json.loads(
            line, parse_int=_whole, parse_constant=_no_number, object_pairs_hook=_once
        )
    except (ValueError, RecursionError) as error:
        raise AnswerError("error", f"an answer is no JSON: {str(error)[:100]}") from None
    if not isinstance(answer, dict):
        raise AnswerError("error", "an answer is no JSON object")
    return answer


def _depth(line: bytes) -> int:
    """Return a bound on how deeply a line is nested, without parsing it."""
    return (
        min(line.count(b"[") + line.count(b"{"), LONGEST_LINE) if len(line) < 32 else _deepest(line)
    )


def _deepest(line: bytes) -> int:
    deepest = depth = 0
    for byte in line.translate(None, _OTHERS):
        depth += 1 if byte in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


_OTHERS = bytes(set(range(256)) - set(b"[]{}"))


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a number here")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name occurs twice")
    return dict(pairs)


def said(error: Any) -> str:
    """Return what went wrong in the student's code, as one line of plain text."""
    if not isinstance(error, dict):
        return "the code failed"
    kind, text, where, line = (error.get(name) for name in ("kind", "text", "where", "line"))
    cell = f"{plain(where, 20)}, " if where else ""
    where = f" ({cell}line {line})" if isinstance(line, int) else ""
    return f"{plain(kind)}: {plain(text)}{where}" if text else f"{plain(kind)}{where}"


def plain(text: Any, most: int = 300) -> str:
    """Return text of a student's as one line without control characters."""
    if not isinstance(text, str):
        return "?"
    return "".join(c if c.isprintable() else " " for c in text[:most])
