"""Any recognisable form of a choice is taken; what may mean two of them is asked again."""

import pytest

from cachesim.errors import BadInput
from cachesim.grading.choices import lettered, meant

HERD = ["1", "about 50", "1,000"]
TTL = ["about 0.02 s", "about 2 s", "about 200 s"]
VALUES = ["the old value", "the new value", "a miss"]
SESSION = ["after 10 s", "never, while it is read", "after 14 s"]
FACTOR = ["1.1", "2", "10"]
KEYS = ["a", "b", "c", "d"]
LOST = ["yes", "no", "only if one of them crashes"]
SCAN = ["what is popular", "the backup's keys", "half of each"]
STALE = ["it cannot", "until the delete arrives", "for ever"]

TAKEN = [
    (HERD, "about 50", ["2", "about 50", "B", "b)", "50", " About 50 ", "~50", 50, "b: 50", "(B)", "50.0", "B."]),
    (HERD, "1,000", ["1000", "1,000", "1 000", "C", 1000, "about 1,000", "c) 1000"]),
    (HERD, "1", ["1", "about 1", "A", 1.0]),
    (TTL, "about 2 s", ["2", "2 s", "2s", "2 seconds", "about 2", "2.0 s", "b) about 2 s"]),
    (TTL, "about 0.02 s", ["0.02", ".02", "0,02 s", "1"]),
    (VALUES, "the old value", ["old", "a", "The OLD value.", "'the old value'", "the old"]),
    (VALUES, "a miss", ["miss", "a miss", "c"]),
    (SESSION, "never, while it is read", ["never", "nev", "Never while it is read", "B"]),
    (FACTOR, "10", ["10", "10x", "10 times", "factor 10", "C"]),
    (FACTOR, "1.1", ["1.1", "1,1", "1.10", "a"]),
    (KEYS, "b", ["b", "B", "b)", "B) b", "2", "option b"]),
    (LOST, "yes", ["y", "Yes!", "A"]),
    (LOST, "only if one of them crashes", ["crashes", "only", "only if one crashes", "C"]),
    (SCAN, "the backup's keys", ["backup", "The backup\u2019s keys", "keys", "the"]),
    (STALE, "for ever", ["forever", "for", "For ever."]),
]  # fmt: skip
REFUSED = [
    (VALUES, "value", "may mean A) the old value or B) the new value"),
    (SESSION, "after", "may mean A) after 10 s or C) after 14 s"),
    (TTL, "2 ms", "is none of the choices"),  # another unit
    (TTL, "20", "is none of the choices"),  # a number is whole
    (HERD, "500", "is none of the choices"),
    (HERD, "10", "is none of the choices"),
    (SESSION, "b) 10", "is none of the choices"),  # the letter and the text of two choices
    (KEYS, "b) c", "is none of the choices"),
    (LOST, "", "is none of the choices"),
    (LOST, "E", "is none of the choices"),
    (LOST, None, "is none of the choices"),
]


@pytest.mark.parametrize(("choices", "choice", "answers"), TAKEN, ids=lambda x: str(x)[:30])
def test_a_recognisable_form_is_taken(choices, choice, answers):
    """Text, a part of it, a letter, a place, a number in any spelling."""
    assert {choice} == {meant(choices, answer) for answer in answers}


@pytest.mark.parametrize("choices", {id(x[0]): x[0] for x in TAKEN}.values(), ids=str)
def test_every_choice_is_taken_as_it_is_shown(choices):
    """Its text, its letter, and both."""
    for n, choice in enumerate(choices):
        assert {choice} == {meant(choices, x) for x in (choice, "ABCD"[n], lettered(choices)[n])}


@pytest.mark.parametrize(("choices", "answer", "why"), REFUSED)
def test_what_is_not_clear_is_asked_again(choices, answer, why):
    """In one sentence, which lists the choices with their letters."""
    with pytest.raises(BadInput) as refused:
        meant(choices, answer)

    assert why in str(refused.value)
    assert f"answer with a letter: A) {choices[0]}, B) {choices[1]}" in str(refused.value)
