"""Who handed in what on Gradescope: the list in an export, and the metadata that an autograder gets.

References
----------
Gradescope: "Submission Metadata" (submission_metadata.json, beside the submission that an autograder grades). The
list of an export, submission_metadata.yml, is not documented; it is what Ruby writes: a name of a folder at the
margin, :submitters: with :name:, :sid: and :email:, and :created_at:.
"""

import json
import re
from typing import Any, NamedTuple

LONGEST_LINE = 1000  # characters; what we need is shorter
_LINE = re.compile(r"( *)(- )?:?([\w ]+?):(?: +(.*))?$")


class Submitter(NamedTuple):
    """One of the students who handed in together."""

    name: str = ""
    sid: str = ""
    email: str = ""
    id: str = ""

    @property
    def key(self) -> str:
        """The id of a student: the e-mail address, or another field if there is none."""
        return self.email or self.sid or self.id or self.name


class Handed(NamedTuple):
    """One submission: by whom, and when."""

    submitters: tuple[Submitter, ...]
    submitted: str  # as it is written there


def from_export(text: str) -> dict[str, Handed]:
    """Read folder -> submission from submission_metadata.yml; other lines are skipped.

    >>> found = from_export('''submission_7:
    ...   :submitters:
    ...   - :name: Ada King
    ...     :sid: '12'
    ...     :email: ada@uni.edu
    ...   :created_at: 2026-11-30 22:10:00.000000000 Z
    ... ''')
    >>> found["submission_7"].submitters[0].key, found["submission_7"].submitted
    ('ada@uni.edu', '2026-11-30 22:10:00.000000000 Z')
    """
    return {folder: _handed(lines) for folder, lines in _blocks(text).items()}


def _blocks(text: str) -> dict[str, list[tuple[str, ...]]]:
    """Return the lines of each folder: indentation, a dash or nothing, name, value."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for line in text.splitlines():
        match = _LINE.match(line) if len(line) < LONGEST_LINE else None
        if match and not match[1] and not match[2]:
            found[match[3]] = []
        elif match and found:
            about = (match[1], match[2] or "", match[3], scalar(match[4] or ""))
            found[next(reversed(found))].append(about)
    return found


def _handed(lines: list[tuple[str, ...]]) -> Handed:
    margin = min((line[0] for line in lines if not line[1]), key=len, default="")
    people: list[dict[str, str]] = []
    under, submitted = "", ""
    for indent, dash, name, value in lines:
        if indent == margin and not dash:
            under = name
            submitted = value if name == "created_at" else submitted
        elif under == "submitters":
            if dash:
                people.append({})
            if people:
                people[-1][name] = value
    return Handed(tuple(map(_submitter, people)), submitted)


def scalar(text: str) -> str:
    r"""Return a value of one line of YAML as text: plain, or in quotes.

    >>> scalar("'12'"), scalar('"J\\u00f6rg"'), scalar("O'Neil"), scalar("~")
    ('12', 'Jörg', "O'Neil", '')
    """
    text = text.strip()
    if text[:1] == text[-1:] == "'" and len(text) > 1:
        return text[1:-1].replace("''", "'")
    if text[:1] == text[-1:] == '"' and len(text) > 1:
        try:
            return str(json.loads(re.sub(r"\\x(..)", r"\\u00\1", text)))
        except ValueError:
            return text[1:-1]
    return "" if text in ("~", "null") else text


def from_autograder(text: str) -> Handed:
    """Return a submission from submission_metadata.json. Raises ValueError if it is none.

    >>> from_autograder(
    ...     '{"created_at": "2026-11-30T22:10:00Z", "users": [{"email": "ada@uni.edu"}]}'
    ... ).submitted
    '2026-11-30T22:10:00Z'
    """
    try:
        about = json.loads(text)
        people = [_submitter(user) for user in about["users"]]
        submitted = str(about.get("created_at") or "")
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"no list of users: {type(error).__name__}") from None
    if not any(person.key for person in people):
        raise ValueError("it names no user")
    return Handed(tuple(people), submitted)


def _submitter(about: dict[str, Any]) -> Submitter:
    return Submitter(*(str(about.get(name) or "") for name in Submitter._fields))


def group_id(people: tuple[Submitter, ...]) -> str:
    """Return the id of a group; the order of the names does not matter.

    >>> group_id((Submitter(email="bob@uni.edu"), Submitter(email="ada@uni.edu")))
    'ada@uni.edu+bob@uni.edu'
    """
    return "+".join(sorted(person.key for person in people))
