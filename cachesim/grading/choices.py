"""The choices of a question: how they are shown, and which one an answer means."""

import re
import string
from collections.abc import Sequence

from cachesim.errors import BadInput

NUMBER = r"(?<![\w.])[-−]?\d{1,3}(?:[, ]\d{3})+(?!\d)(?:\.\d+)?|(?<![\w.])[-−]?\d*[.,]?\d+"
LETTERS = string.ascii_uppercase
TOKEN = re.compile(rf"{NUMBER}|\d+|[^\W\d_]+|%")
LETTER = re.compile(r"\W*(?:choice|option|answer)?\W*([a-z])(?:[\W_]+(.*))?", re.IGNORECASE)
FILLERS = frozenset(
    re.findall(
        r"\w+",
        "about around approximately roughly approx ca circa nearly i think it is the a an of "
        "times x fold factor reads keys",
    )
)
SAME = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("msec", "millisecond", "milliseconds"), "ms"),
    **{"percent": "%", "zero": "0"},
}


def lettered(choices: Sequence[str]) -> list[str]:
    """Return the choices behind their letters.

    >>> lettered(["1", "about 50", "1,000"])
    ['A) 1', 'B) about 50', 'C) 1,000']
    """
    return [f"{letter}) {choice}" for letter, choice in zip(LETTERS, choices, strict=False)]


def meant(choices: Sequence[str], answer: object) -> str:
    """Return the choice that an answer means: its text, a part that only it has, its letter or its place.

    Raises
    ------
    BadInput
        The answer fits none of the choices, or several; the sentence lists them with their letters.

    >>> [meant(["1", "about 50", "1,000"], answer) for answer in ("b)", " About 50", 1000)]
    ['about 50', 'about 50', '1,000']
    """
    said = str(answer).strip()
    for fit in (_exact, _same, _by_letter, _begins, _parts, _by_place):
        found = [choice for choice in choices if fit(choices, choice, said)]
        if len(found) == 1:
            return found[0]
        if found:
            why = " or ".join(lettered(choices)[choices.index(choice)] for choice in found)
            raise BadInput(f'"{said}" may mean {why}; {_listed(choices)}')
    raise BadInput(f'"{said}" is none of the choices; {_listed(choices)}')


def _listed(choices: Sequence[str]) -> str:
    return f"answer with a letter: {', '.join(lettered(choices))}"


def _exact(_choices: Sequence[str], choice: str, said: str) -> bool:
    return choice.casefold() == said.casefold()


def _same(_choices: Sequence[str], choice: str, said: str) -> bool:
    """Whether it is the choice's text but for case, blanks and punctuation."""
    return bool(_tokens(said)) and "".join(_tokens(said)) == "".join(_tokens(choice))


def _by_letter(choices: Sequence[str], choice: str, said: str) -> bool:
    """Whether it is the choice's letter, with more behind it only if that fits too."""
    found = LETTER.fullmatch(said)
    if found is None or LETTERS[choices.index(choice)] != found[1].upper():
        return False
    return not found[2] or any(fit(choices, choice, found[2]) for fit in (_begins, _parts))


def _begins(_choices: Sequence[str], choice: str, said: str) -> bool:
    """Whether the choice begins with it."""
    given, whole = _tokens(said), _tokens(choice)
    if not given or len(given) > len(whole) or given[:-1] != whole[: len(given) - 1]:
        return False
    return _opens(whole[len(given) - 1], given[-1])


def _parts(_choices: Sequence[str], choice: str, said: str) -> bool:
    """Whether the choice has each word and number of it, but for words that say nothing."""
    words, said_words = _tokens(choice), _tokens(said)
    there = [part for part in said_words if any(_has(word, part) for word in words)]
    return bool(there) and all(part in there or part in FILLERS for part in said_words)


def _has(word: str, part: str) -> bool:
    return word == part or (len(part) > 2 and _opens(word, part))


def _opens(word: str, part: str) -> bool:
    """Whether a word begins with a part; a number is whole or not at all."""
    return word == part or (part.isalpha() and word.startswith(part))


def _by_place(choices: Sequence[str], choice: str, said: str) -> bool:
    """Whether it is the choice's place: 1 for the first."""
    return said.strip("#.() ") == str(choices.index(choice) + 1)


def _tokens(text: str) -> list[str]:
    """Return the words and numbers of a text, each in one spelling."""
    return [_spelled(token) for token in TOKEN.findall(text.casefold())]


def _spelled(token: str) -> str:
    if not token[-1].isdigit():
        return SAME.get(token, token)
    digits = re.sub(r"[, ](?=\d{3}(?!\d))", "", token).replace(",", ".").replace("−", "-")
    return f"{float(digits):g}"
