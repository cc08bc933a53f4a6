"""The event loop by hand: two heaps in one order, who waits for a visit, and what a condition sees."""

import math
from itertools import repeat

import pytest

from cachesim.errors import StrategyError
from cachesim.model.events import Drive, Environment, Timeout, Visit
from cachesim.model.journey import Journey
from cachesim.model.station import Station, sender_to


def world(delay=1.0):
    """Return an environment and what sends a visit of so many seconds."""
    env = Environment()
    send = sender_to(env, Station(100), repeat(0.0), repeat(delay))
    return env, lambda effect, argument=None: send(Journey(), effect, argument)


def answer(visit):
    """Double the argument: an effect."""
    visit._value = 2 * visit._value


def test_visits_and_pauses_happen_in_one_order():
    """By time; at the same moment in the order in which they were started, whichever heap they lie in."""
    env, send = world(delay=1.0)
    seen = []

    def note(name):
        return lambda visit: seen.append((name, env.now))

    def pause(seconds, name):
        visit = Visit().ready(env).start(seconds)
        visit.effect = note(name)

    pause(1.0, "first")
    send(note("second"))
    pause(1.0, "third")
    pause(0.5, "earlier")
    Timeout(env, 2.0).callbacks.append(note("later"))

    env.run_to_end()

    assert [
        ("earlier", 0.5),
        ("first", 1.0),
        ("second", 1.0),
        ("third", 1.0),
        ("later", 2.0),
    ] == seen


def test_stepping_does_what_running_does():
    """`step`, `peek` and simpy's own `run` know both heaps."""
    env, send = world(delay=1.0)
    Timeout(env, 2.0)
    first, second = send(answer, 1), send(answer, 2)

    assert 1.0 == env.peek()
    env.step()
    assert (2, True, False) == (first._value, first.fired, second.fired)
    env.run()
    assert (4, 2.0, math.inf) == (second._value, env.now, env.peek())
    assert env.is_over()


def test_everybody_who_waits_gets_the_answer_in_turn():
    """Three generators wait for one visit: each resumes once, in the order in which they began to wait."""
    env, send = world()
    got, visit = [], send(answer, 21)

    def waits(name):
        got.append((name, (yield visit), env.now))

    for name in "abc":
        Drive(waits(name))
    env.run_to_end()

    assert [("a", 42, 1.0), ("b", 42, 1.0), ("c", 42, 1.0)] == got


def test_a_visit_that_has_fired_answers_at_once():
    """Whether somebody had waited for it or not; it counts as waited for then."""
    env, send = world()
    visits, got = [send(answer, 1), send(answer, 2)], []

    def late():
        yield visits[0]
        yield Timeout(env, 5.0)
        got.append(((yield visits[0]), (yield visits[1]), env.now))

    Drive(late())
    env.run_to_end()

    assert [(2, 4, 6.0)] == got
    assert visits[1].waiter


@pytest.mark.parametrize("waiting_first", [True, False])
def test_a_condition_and_a_generator_may_wait_for_the_same_visit(waiting_first):
    """`visit | timeout` asks for a list of callbacks, before or after a generator waits alone."""
    env, send = world()
    visit, got = send(answer, 3), []

    def alone():
        got.append(("alone", (yield visit)))

    def together():
        yield visit | Timeout(env, 9.0)
        got.append(("together", env.now))

    for steps in (alone, together) if waiting_first else (together, alone):
        Drive(steps())
    env.run_to_end()

    assert {("alone", 6), ("together", 1.0)} == set(got)


def test_a_failure_is_thrown_into_each_that_waits():
    """Into one as into several, and into one who comes late."""
    env, send = world()
    caught = []

    def fail(visit):
        visit.fail_with(ZeroDivisionError("no"))

    visit, unheard = send(fail), send(fail)

    def waits(name, event):
        try:
            yield event
        except ZeroDivisionError:
            caught.append((name, env.now))

    def late():
        yield Timeout(env, 3.0)
        yield from waits("late", unheard)

    for steps in (waits("a", visit), waits("b", visit), late()):
        Drive(steps)
    env.run_to_end()

    assert [("a", 1.0), ("b", 1.0), ("late", 3.0)] == caught


def test_a_failure_that_nobody_hears_of_stops_nothing():
    """A visit's failure is in a record; an event of SimPy's own stops the run."""
    env, send = world()
    send(lambda visit: visit.fail_with(ZeroDivisionError()))
    env.run_to_end()
    env.event().fail(ZeroDivisionError())

    with pytest.raises(ZeroDivisionError):
        env.run_to_end()


def test_what_is_no_event_is_refused():
    """With a sentence that says what to yield."""

    def slips():
        yield 7

    with pytest.raises(StrategyError, match="yielded 7, which is not an event"):
        Drive(slips())


def test_the_visits_nobody_waited_for_are_told():
    """The second of three, and the last while nobody waits for it; the next request begins with none."""
    env = Environment()
    send = sender_to(env, Station(9), repeat(0.0), repeat(1.0))
    journey = Journey()

    def request():
        yield send(journey, answer, 1)
        forgotten.append(send(journey, answer, 2))
        yield send(journey, answer, 3)

    forgotten = []
    Drive(request())
    env.run_to_end()

    assert forgotten == journey.end()
    assert [] == journey.end()
    last = send(journey, answer, 4)
    assert [last] == journey.end()


def test_a_pause_may_be_started_again():
    """And fires each time."""
    env, moments = Environment(), []
    pause = Visit().ready(env)

    def walks():
        for seconds in (1.0, 2.0, 3.0):
            yield pause.start(seconds)
            moments.append(env.now)

    Drive(walks())
    env.run_to_end()

    assert [1.0, 3.0, 6.0] == moments
