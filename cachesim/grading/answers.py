"""Answers from the sandbox: data of a few exact kinds, of a bounded size."""

import builtins
import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from cachesim.errors import Slip
from cachesim.slips import CALLS, SENTENCES, SHAPES, Thing, arguments, slip

LONGEST_LINE = 1 << 20  # bytes of one answer
DEEPEST = 16  # levels of an answer
MOST_DIGITS = 18  # of a whole number in an answer
MOST_PARTS = 100_000  # of an answer: numbers, texts, lists, ...
OPS = (*SHAPES, "victim()", "before_add()")
BASES = ("cs.Strategy", "cs.EvictionPolicy")


class AnswerError(Slip):
    """The student's code gave no valid answer; `status` names the kind of failure."""

    def __init__(self, status: str, message: str, fixed: str = "") -> None:
        super().__init__(message, fixed)
        self.status = status  # error, timed out or crashed


def parsed(line: bytes) -> dict[str, Any]:
    """Return an answer. Raises AnswerError for anything but a JSON object of bounded size and depth."""
    if _depth(line) > DEEPEST:
        raise _too("is nested too deeply")
    if line.count(b",") > MOST_PARTS:
        raise _too(f"has more than {MOST_PARTS:,} parts")
    try:
        answer = json.loads(
            line, parse_int=_whole, parse_constant=_no_number, object_pairs_hook=_once
        )
    except (ValueError, RecursionError) as error:
        raise AnswerError(
            "error", f"an answer of your code cannot be read: {str(error)[:100]}"
        ) from None
    if not isinstance(answer, dict):
        raise _too("cannot be read: it is no JSON object")
    return answer


def _too(what: str) -> AnswerError:
    text = f"an answer of your code {what}"
    return AnswerError("error", text, text)


def _depth(line: bytes) -> int:
    """Return a bound on how deeply a line is nested, without parsing it."""
    opened = line.count(b"[") + line.count(b"{")
    return opened if opened <= DEEPEST else _deepest(line)


def _deepest(line: bytes) -> int:
    deepest = depth = 0
    for byte in line.translate(None, _OTHERS):
        depth += 1 if byte in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


_OTHERS = bytes(set(range(256)) - set(b"[]{}"))


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a whole number of {len(digits)} digits, more than {MOST_DIGITS}")
    return int(digits)


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a number here")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name occurs twice")
    return dict(pairs)


def error_of(told: Any, about: str, parts: Sequence[tuple[str, str]]) -> AnswerError:
    """Return the error of the student's code: a slip, or an error of its own.

    `about` is the class or the function that it is about, and `parts` are the submission's. What the code could have
    chosen is not in the error's `fixed` text: no text, no name, no line that is not there.
    """
    told = told if isinstance(told, dict) else {}
    at = place(told.get("at"), parts)
    if told.get("slip") in list(SENTENCES):
        return _slip(told["slip"], told.get("words"), about or "your code", at)
    kind, text = plain(told.get("kind"), 60), plain(told.get("text"))
    if kind == "StopIteration" and not text:
        text = "next() found nothing"
    known = kind if _is_builtin(kind) else "an error"
    said = f"{kind}: {text}" if text else kind
    return AnswerError("error", f"{said}{at}", f"your code raised {known}{at}")


def _slip(code: str, told: Any, about: str, at: str) -> AnswerError:
    told = told if isinstance(told, dict) else {}
    op = told.get("op") if told.get("op") in OPS else None
    words: dict[str, Any] = {
        "name": f"{about}.{op}" if op and code != "missing" else about,
        "shape": SHAPES.get(op or "", ""),
        "thing": _thing(told.get("thing")),
        "field": Thing("that the exercise asks for", f'"{plain(told.get("field"), 40)}"'),
        "base": told.get("base") if told.get("base") in BASES else "what is asked for",
        "count": arguments(told["count"]) if told.get("count") in range(10) else "some",
    }
    for name in ("call", "inner"):
        words[name] = told.get(name) if told.get(name) in list(CALLS.values()) else "it"
    error: AnswerError = slip(code, partial(AnswerError, "error"), at, **words)  # type: ignore[assignment]
    return error


def _thing(told: Any) -> Thing:
    kind, shown = told if isinstance(told, list) and len(told) == 2 else ("?", "")
    return Thing.named(plain(kind, 60), plain(shown, 60))


def _is_builtin(kind: str) -> bool:
    found = getattr(builtins, kind, None)
    return isinstance(found, type) and issubclass(found, BaseException)


def place(told: Any, parts: Sequence[tuple[str, str]]) -> str:
    """Return where in a submission something is, as text; nothing if there is no such place.

    >>> place(["cell 7", 1], [("cell 7", "x = 1")]), place(["cell 7", 9], [("cell 7", "x = 1")])
    (' (cell 7, line 1)', '')
    """
    where, line = told if isinstance(told, list) and len(told) == 2 else (None, None)
    code = next((code for part, code in parts if part == where), None)
    if code is None or type(line) is not int or not 1 <= line <= code.count("\n") + 1:
        return ""
    return f" ({where}, line {line})" if where else f" (line {line})"


def rounded(text: str) -> str:
    """Return text in which no number has more digits than a reader can use.

    >>> rounded("at 0.0008738570534526182 s of 5.0 s")
    'at 0.000873857 s of 5.0 s'
    """
    return re.sub(r"\d+\.\d{7,20}(e-?\d+)?", lambda number: f"{float(number[0]):.6g}", text)


def plain(text: Any, most: int = 300) -> str:
    """Return text of a student's as one line without control characters."""
    if not isinstance(text, str):
        return "?"
    return "".join(c if c.isprintable() else " " for c in text[:most])


MOST_PRINTED = 2000  # characters


def printed(pipe: Any) -> str:
    """Return the beginning of the output of a student's code, without control characters; it never waits."""
    with suppress(OSError, ValueError):
        os.set_blocking(pipe.fileno(), False)
        text = os.read(pipe.fileno(), LONGEST_LINE).decode("utf-8", "replace")
        return "".join(c if c.isprintable() or c == "\n" else " " for c in text[:MOST_PRINTED])
    return ""


CRASH = (
    "your code made Python itself crash: calls inside calls without end, too much memory, or ctypes"
)
ENDS = {signal: CRASH for signal in (4, 6, 7, 11)}  # SIGILL, SIGABRT, SIGBUS, SIGSEGV
ENDS[31] = "your code asked the system for what the sandbox refuses"  # SIGSYS


def ended(code: int, *, begun: bool = True) -> AnswerError:
    """Return the error for a process that ended by itself, with this exit code; `begun`: it had the student's code.

    >>> ended(0)
    AnswerError('your code ended the process: leave out exit(), quit(), sys.exit() and os._exit()')
    """
    text = ENDS.get(-code) or ENDS.get(code - 128) or SENTENCES["exit"]
    if not begun:
        text = "the sandbox ended before it had your code"
    return AnswerError("crashed", text, text)
