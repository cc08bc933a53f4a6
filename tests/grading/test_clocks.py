"""What ends a test: the number of messages first, then a clock; and a busy machine never costs a point."""

from contextlib import contextmanager
from pathlib import Path

import pytest

from cachesim.errors import BadInput
from cachesim.grading import batch, judge, sandbox
from cachesim.grading.answers import AnswerError
from cachesim.grading.exercise import Exercise
from cachesim.grading.owed import PATIENCE, Owed, State
from cachesim.grading.sandbox import Box, Limits, Unsettled, box, holds, strongest
from cachesim.grading.submission import Submission

FOLDER = Path(__file__).parents[2] / "exercises"
LRU, LAZY = Exercise(FOLDER / "01_lru"), Exercise(FOLDER / "03_lazy_loading")


@pytest.fixture(params=["bwrap", "landlock"])
def tier(request):
    """Every tier that grades and that this kernel has."""
    if not holds(request.param):
        pytest.skip(f"the tier {request.param} does not work here")
    return request.param


class Hand:
    """A clock that is set by hand, and what the system says of the process."""

    def __init__(self, state=None):
        self.now, self.state, self.waited = 0.0, state, 0.0

    def owed(self, limit):
        return Owed(limit, lambda: self.now, lambda: self.state, lambda: self.waited)


# --- whose time it is


def test_only_the_time_between_question_and_answer_counts():
    """However long the grader simulates in between."""
    hand = Hand(State(0.0, 0.0, can_run=False))
    owed = hand.owed(10.0)
    for now, call in ((0, owed.begin), (3, owed.end), (100, owed.begin)):
        hand.now = now
        call()
    hand.now = 101

    assert 4.0 == owed.total()
    assert 6.0 == owed.left()


@pytest.mark.parametrize(
    ("state", "grader_waited", "left", "blame"),
    [
        (State(0.0, 0.0, can_run=False), 0.0, 0.0, "code"),  # it sleeps
        (State(0.0, 7.0, can_run=False), 0.0, 7.0, "code"),  # 7 s of the 10 it waited for a core
        (
            State(0.0, 0.0, can_run=False),
            4.0,
            4.0,
            "code",
        ),  # 4 s of the 10 the grader waited for one
        (State(0.0, 0.0, can_run=True), 0.0, 0.0, ""),  # at work: its CPU limit is what ends it
        (None, 0.0, 0.0, "unknown"),  # the system does not say
    ],
)
def test_what_the_machine_took_is_given_back(state, grader_waited, left, blame):
    """After 10 s: the waits of the process and of the grader for a core are not the code's."""
    hand = Hand(state)
    owed = hand.owed(10.0)
    owed.begin()
    hand.now, hand.waited = 10.0, grader_waited

    assert left == owed.left()
    assert blame == owed.blame()


def test_patience_ends():
    """A machine that is stuck does not hold a batch up for ever, and is blamed."""
    hand = Hand(State(0.0, 1e9, can_run=True))
    owed = hand.owed(10.0)
    owed.begin()
    hand.now = 10.0 * PATIENCE

    assert 0.0 == owed.left()
    assert "machine" == owed.blame()


# --- in the sandbox


def asked(tier, body, limits):
    """Run the body of a function in the sandbox; return its value."""
    with box(tier, limits, [("", f"def f():\n    {body}\n")]) as made:
        return made.ask(do="call", name="f", arguments=[])["value"]


SLEEPS = "import time; time.sleep(3600)"
STUBBORN = (
    "while True:\n        try: __import__('time').sleep(3600)\n        except BaseException: pass"
)
LOOPS = "while True: pass"
DEAF = "import signal; [signal.signal(s, 1) for s in (15, 24)]\n    while True: pass"
CLOSED = "import os, time; os.closerange(0, 64); time.sleep(3600)"


@pytest.mark.parametrize("body", [SLEEPS, STUBBORN, CLOSED])
def test_who_sleeps_is_late_by_wall_time(tier, body):
    """At once, and the message speaks of no CPU time."""
    with pytest.raises(
        AnswerError, match=r"no answer within 0\.5 s of wall time: .*sleeps"
    ) as late:
        asked(tier, body, Limits(cpu=60, wall=0.5))

    assert "timed out" == late.value.status


@pytest.mark.parametrize("body", [LOOPS, DEAF])
def test_who_works_for_ever_is_late_by_cpu_time(tier, body):
    """Whatever signals it ignores; it is tried again, for a busy machine makes code slow."""
    with pytest.raises(Unsettled, match="no answer within 1 s of CPU time") as late:
        asked(tier, body, Limits(cpu=1, wall=300.0))

    assert "timed out" == late.value.then


@contextmanager
def timed(tier, limits, clock):
    """Give a sandbox with a clock of its own."""
    made = Box(tier, limits, clock=clock)
    try:
        yield made
    finally:
        made.close()


def test_who_has_to_wait_for_a_core_is_not_late(tier, monkeypatch):
    """An answer counts that took longer than the wall limit, if the process could not run in that time."""
    monkeypatch.setattr(sandbox, "state_of", lambda pid: State(0.0, 1e9, can_run=True))
    code = "import time\ndef f():\n    time.sleep(0.5)\n    return 7"
    with timed(tier, Limits(wall=0.1), clock=lambda: 0.0) as made:
        made.ask(do="load", parts=[("", code)])
        seen = made.ask(do="call", name="f", arguments=[])

    assert {"value": 7} == seen


def test_a_machine_that_is_stuck_is_blamed(tier, monkeypatch):
    """The message says what to do, and speaks of no limit of the code's."""
    monkeypatch.setattr(sandbox, "state_of", lambda pid: State(0.0, 0.0, can_run=True))
    hand = Hand()
    with timed(tier, Limits(cpu=60, wall=0.1), clock=lambda: hand.now) as made:
        made.owed.before = 1e9
        with pytest.raises(Unsettled, match=r"too busy: .* grade this submission again") as stuck:
            made.ask(do="load", parts=[("", LOOPS)])

    assert "grader trouble" == stuck.value.then


def test_a_sandbox_that_does_not_start_is_the_machines_fault(monkeypatch):
    """No room for a process, or one that ends before it says anything."""
    monkeypatch.setattr(sandbox, "walls", lambda tier, shown: ["/bin/false"])
    with pytest.raises(Unsettled, match="did not start") as ended:
        Box("rlimits", Limits())
    monkeypatch.setattr(sandbox, "walls", lambda tier, shown: ["/nothing/of/the/kind"])
    with pytest.raises(Unsettled, match="did not start: No such file") as missing:
        Box("rlimits", Limits())

    assert "grader trouble" == ended.value.then == missing.value.then


def test_a_process_that_is_killed_from_outside_is_tried_again(tier):
    """As when memory is short; a crash that the code makes itself is not."""
    with box(tier, Limits(), [("", "x = 1")]) as made:
        made._kill()
        killed = made._gone()
    with pytest.raises(AnswerError) as crashed:
        asked(tier, "import os; os._exit(1)", Limits())

    assert (Unsettled, "crashed") == (type(killed), killed.then)
    assert (AnswerError, "crashed") == (type(crashed.value), crashed.value.status)


# --- messages

ENDLESS = {
    "a loop of short pauses": "        while True: yield app.timeout(0)",
    "a loop of reads": "        while True: yield app.cache.get(key)",
    "generators that start others": "        yield app.timeout(0)\n"
    "        yield app.spawn(self.read(app, key))",
    "events without end": "        while True:\n            for _ in range(900): app.timeout(1)\n"
    "            yield app.timeout(0)",
}


@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS)
def test_endless_talk_is_counted(body, monkeypatch):
    """The number of messages ends it, always at the same place, long before a clock."""
    monkeypatch.setitem(LAZY.about, "limits", {"cpu": 60, "wall": 600.0, "messages": 20_000})
    source = (
        "import cachesim as cs\nclass Lazy(cs.Strategy):\n    ttl: float = 10.0\n"
        f"    def read(self, app, key):\n{body}\n    def write(self, app, key, value):\n"
        "        yield app.db.write(key, value)\n"
    )
    report = judge.judge(LAZY, Submission.of("ada", source), tier=strongest())
    told = {o.message for o in report.outcomes if o.status == "timed out"}

    assert {"more than 20,000 messages and events: does a loop never end?"} == told
    assert report.is_final


def test_an_exercise_sets_its_limits(monkeypatch):
    """Each of them; another name is one sentence."""
    monkeypatch.setitem(LRU.about, "limits", {"messages": 7, "memory_mb": 1, "wall": 2.0})

    assert Limits(cpu=5, wall=2.0, memory=1 << 20, messages=7) == LRU.limits
    monkeypatch.setitem(LRU.about, "limits", {"seconds": 7})
    with pytest.raises(BadInput, match="may say cpu, wall, memory_mb and messages"):
        _ = LRU.limits


# --- what becomes of it


@pytest.fixture
def troubled(monkeypatch):
    """Make the first sandboxes fail: return what is set to how they fail, one entry each."""
    failures = []

    def failing(*given):
        if failures:
            raise Unsettled(failures.pop(0), "the clock")
        return Box(*given)

    monkeypatch.setattr(judge, "Box", failing)
    return failures


def judged(**options):
    return judge.judge(LRU, Submission.of("ada", LRU.solution), tier=strongest(), **options)


@pytest.mark.parametrize("then", ["grader trouble", "timed out", "crashed"])
def test_what_hit_a_clock_once_is_repeated(troubled, then):
    """And costs nothing."""
    troubled[:] = [then]
    report = judged()

    assert (100, True) == (report.score, report.is_final)


def test_what_hits_a_clock_again_has_its_verdict(troubled):
    """Slow code has timed out; where nobody can tell, the report is not final and the rest is not tried."""
    troubled[:] = ["timed out"] * 2
    slow = judged()
    troubled[:] = ["grader trouble"] * 2
    stuck = judged()

    assert ["timed out", "passed"] == [o.status for o in slow.outcomes[:2]]
    first, *rest = [o.status for o in stuck.outcomes]
    assert ("grader trouble", {"not reached"}) == (first, set(rest))
    assert (True, False) == (slow.is_final, stuck.is_final)


def test_a_batch_repeats_at_its_end(troubled, tmp_path):
    """When nothing else is graded any more; what was kept meanwhile is not taken for a verdict."""
    paths = [tmp_path / f"{name}.py" for name in ("ada", "bob")]
    for path in paths:
        path.write_text(LRU.solution)
    work = batch.jobs(LRU, paths, strongest(), seed=1, secret="", out=tmp_path)
    troubled[:] = ["timed out", "grader trouble"]
    scores = [report.score for report in batch.grade(work, n_jobs=1)]
    troubled[:] = ["grader trouble"] * 2

    assert [100, 100] == scores
    ada = work[0]._replace(kept=None)
    assert [False] == [report.is_final for report in batch.grade([ada], n_jobs=1)]
