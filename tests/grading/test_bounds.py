"""The grader's memory is bounded, whatever a strategy sends."""

import weakref
from types import SimpleNamespace

import pytest

from cachesim.experiments.run import run
from cachesim.grading.answers import AnswerError
from cachesim.grading.remote import strategy as remote
from cachesim.grading.remote.strategy import Actor
from cachesim.model.events import Environment, Timeout
from tests.grading.slips import filled
from tests.model.worlds import scripted

STEPS = [(0.0, "read", "a"), (50.0, "read", "a")]


class Reply(dict):
    """An answer of the sandbox that can be watched."""


class Forger:
    """A sandbox that answers everything with a large answer, and keeps none."""

    parts = ()

    def __init__(self):
        self.number = 0
        self.replies = []

    def ask(self, about, do, **message):
        """Make one event a time, and wait for it."""
        if do == "make":
            return {"ok": 0, "shapes": {}, "starts": False}
        self.number += 1
        made = [[self.number, "", 0, "app.timeout", 1.0]]
        reply = Reply(on=1, made=made, wait=self.number, junk=[[] for _ in range(1000)])
        self.replies.append(weakref.ref(reply))
        return reply


def test_no_answer_is_kept_while_a_generator_waits():
    """Hundreds may wait at the same time, each with an answer of up to a megabyte."""
    forger, env = Forger(), Environment()
    actor = Actor(forger, "Mine", {})
    app = SimpleNamespace(client=1, now=0.0, timeout=lambda seconds: Timeout(env, seconds))
    steps = [actor.drive(app, "read", "a", None) for _ in range(20)]
    for each in steps:
        next(each)
        each.send(None)

    assert 40 == len(forger.replies)
    assert [] == [reply for reply in forger.replies if reply() is not None]


FLOODS = {
    "at once": (
        "[app.cache.get(key) for _ in range(1001)]",
        "your code sent 1,002 commands at once, and may have 1,000: wait for some before you send more",
    ),
    "under way": (
        "while True: app.spawn(self.flood(app)); yield app.timeout(0)",
        r"your code has [\d,]+ commands under way, and may have 500: wait for some before you send more",
    ),
    "kept": (
        "while True: self.kept.append(app.timeout(0)); yield app.timeout(1)",
        "your code keeps 1,001 events, and may have 1,000: wait for some before you send more",
    ),
}
HELPERS = "    kept = []\n    def flood(self, app):\n        yield [app.cache.get('a') for _ in range(100)][-1]\n"


@pytest.mark.parametrize(("line", "sentence"), FLOODS.values(), ids=FLOODS)
def test_a_flood_is_ended(lab_of, monkeypatch, line, sentence):
    """By counting: the same submission is ended at the same place every time."""
    monkeypatch.setattr(remote, "MOST_OPEN", 1000)
    monkeypatch.setattr(remote, "MOST_KEPT", 1000)
    lab = lab_of(filled(line, "row = yield app.db.read(key)") + HELPERS)
    with pytest.raises(AnswerError, match=f"^{sentence}$") as ended:
        run(scripted(lab.strategy("Mine"), STEPS))

    assert ended.value.fixed == str(ended.value)


def test_many_events_in_turn_are_no_flood(lab_of, monkeypatch):
    """What is over and cannot be waited for any more does not count."""
    monkeypatch.setattr(remote, "MOST_OPEN", 100)
    monkeypatch.setattr(remote, "MOST_KEPT", 100)
    loop = "for _ in range(1000): yield app.timeout(0.001)"
    strategy = lab_of(filled(loop, "row = yield app.db.read(key)")).strategy("Mine")
    run(scripted(strategy, STEPS))

    assert len(strategy.actor.events) < 10
    assert len(strategy.actor.open) <= 101
