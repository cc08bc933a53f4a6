"""Which file of a submission counts: what defines the answer first, then what it is called."""

from pathlib import PurePosixPath

from names import is_draft, kind_of

MOST_GRADED = 4  # files of one submission: the best of them counts
MOST_NAMED = 8  # files in one note


def chosen(answers, refused, junk):
    """Return the answers that are graded, the best guess first, and notes; or why there is none."""
    there = [answer for answer in answers if kind_of(answer.name) or answer.defined]
    if not there:
        return {"refused": _why(answers, refused)}
    written = [answer for answer in there if answer.written]
    first_hand = [answer for answer in written if not is_draft(answer.name)]
    distinct = _distinct(sorted(first_hand or written or there, key=_rank))
    graded = distinct[: MOST_GRADED if written else 1]
    same = [answer.name for alike in graded for answer in alike[1:]] if written else []
    seen = {id(answer) for alike in graded for answer in alike} if written else {id(graded[0][0])}
    rest = [answer for answer in there if id(answer) not in seen]
    notes = [*_notes(same, rest), *_left_out(refused, junk)]
    return {"graded": [_told(alike[0]) for alike in graded], "notes": notes}


def _rank(answer):
    """Return a key by which the best guess sorts first."""
    name = answer.name
    depth = len(PurePosixPath(name).parts)
    return -len(answer.written), -len(answer.defined), is_draft(name), depth, len(name), name


def _distinct(answers):
    """Return answers in groups that come to the same code."""
    found = {}
    for answer in answers:
        lines = [line for _, code in answer.parts() for line in code.split("\n") if line.strip()]
        found.setdefault("\n".join(lines), []).append(answer)
    return list(found.values())


def _told(answer):
    return {
        "name": answer.name,
        "parts": answer.parts(),
        "notes": answer.notes(),
        "written": answer.written,
    }


def _notes(same, rest):
    """Say which answers are not graded, and why."""
    nothing = [answer.name for answer in rest if not answer.written]
    others = [answer.name for answer in rest if answer.written]
    said = {
        "the same code is in": same,
        "not graded, nothing is written in it:": nothing,
        "not graded:": others,
    }
    return [f"{what} {_listed(names)}" for what, names in said.items() if names]


def _left_out(refused, junk):
    """Say which files could not be read, and where nobody looked."""
    said = [f"not graded: {name} {why}" for name, why in refused[:MOST_NAMED]]
    return [*said, *([f"not looked at: {_listed(junk)}"] if junk else [])]


def _listed(names):
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _why(answers, refused):
    if refused:
        return "; ".join(f"{name} {why}" for name, why in refused[:MOST_NAMED])
    if answers:
        names = _listed([answer.name for answer in answers])
        return f"{names} is neither a .py nor an .ipynb file; hand in one of these, or a .zip of it"
    return ""
