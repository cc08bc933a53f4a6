"""The log of commits on their way to replicas: by hand, against an eager copy, and how little it keeps."""

import random
from itertools import count, islice

import pytest

from cachesim.model.commit_log import CommitLog
from cachesim.model.distributions import Constant, Exponential, Lognormal
from cachesim.records import Value
from cachesim.rng import stream
from cachesim.storage.sqlite import SQLite


def stamped(write):
    """Return a value of a write."""
    return Value.stamp(write, 8)


def test_the_rows_of_a_transaction_arrive_together():
    """Each with the lag of their one commit."""
    log = CommitLog(rows := SQLite(), [iter([3.0, 9.0])])
    log.note([("a", stamped(1)), ("b", stamped(2))], 1.0)
    rows.write("a", stamped(1))
    rows.write("b", stamped(2))
    read = log.reader(0)

    assert [None, None] == [read(key, 3.9) for key in "ab"]
    assert [stamped(1), stamped(2)] == [read(key, 4.0) for key in "ab"]


class EagerReplica:
    """A copy of the rows that plays every commit when it arrives."""

    def __init__(self, loaded):
        self.rows, self.coming, self.last = dict(loaded), [], 0.0

    def commit(self, key, value, arrival):
        self.last = max(self.last, arrival)
        self.coming.append((self.last, key, value))

    def read(self, key, now):
        while self.coming and self.coming[0][0] <= now:
            _, name, value = self.coming.pop(0)
            self.rows[name] = value
        return self.rows.get(key)


@pytest.mark.parametrize(
    "law", [Constant(value=0.05), Exponential(mean=0.05), Lognormal(median=0.02, sigma=1.0)]
)
def test_the_log_answers_as_an_eager_copy(law):
    """20,000 reads of ten keys, some of them inserted, at three replicas: none differs."""
    chance, rows = random.Random(7), SQLite()
    rows.load([(f"k{n}", stamped(0)) for n in range(5)])
    kept = [list(islice(law.draws(stream(n, "lag")), 5000)) for n in range(3)]
    log = CommitLog(rows, [iter(lags) for lags in kept])
    twins = [EagerReplica({f"k{n}": stamped(0) for n in range(5)}) for _ in range(3)]
    readers, ids, now, differ = [log.reader(n) for n in range(3)], count(1), 0.0, 0
    for _ in range(25_000):
        now += chance.expovariate(1000)
        key, replica = f"k{chance.randrange(10)}", chance.randrange(3)
        if chance.random() < 0.2 and (write := next(ids)) <= 5000:
            log.note([(key, stamped(write))], now)
            rows.write(key, stamped(write))
            for twin, lags in zip(twins, kept, strict=True):
                twin.commit(key, stamped(write), now + lags[write - 1])
        else:
            differ += readers[replica](key, now) != twins[replica].read(key, now)

    assert 0 == differ


def test_the_log_keeps_only_what_is_on_its_way():
    """At 1,000 commits per second and a lag of 10 ms, about 10 rows and their predecessors."""
    log, rows, most = CommitLog(SQLite(), [iter(lambda: 0.01, None)]), SQLite(), 0
    for number in range(5000):
        log.note([(f"k{number}", stamped(1))], number / 1000)
        most = max(most, len(log))

    assert most <= 2 * 12
    rows.close()


def test_answers_do_not_depend_on_who_else_reads():
    """User 0's reads of one replica are the same whether other users read the other one or not."""
    log_a, log_b = (CommitLog(SQLite(), [iter([2.0, 1.0]), iter([5.0, 9.0])]) for _ in range(2))
    for log in (log_a, log_b):
        log.note([("a", stamped(1))], 1.0)
    for now in (1.5, 2.5, 7.0):
        log_b.reader(1)("a", now)
    for log in (log_a, log_b):
        log.note([("a", stamped(2))], 8.0)

    moments = [1.0 + n / 4 for n in range(60)]
    assert [log_a.reader(0)("a", t) for t in moments] == [log_b.reader(0)("a", t) for t in moments]
