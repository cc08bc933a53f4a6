"""A trace in memory: its columns, and the samples that come with the package."""

import math

import numpy as np
import pytest

from cachesim.errors import BadInput
from cachesim.traces import DELETE, READ, WRITE, Request, Trace, sample


def test_a_trace_of_requests():
    """Columns that the requests do not fill are None."""
    trace = Trace([Request("a", WRITE, 5, 10.0, 60.0), Request("a", READ, 5, 12.0)], name="t")

    assert ([WRITE, READ], [5, 5], [0.0, 2.0]) == (trace.ops, trace.sizes, trace.times)
    assert [60.0, math.inf] == trace.ttls
    assert "Trace(t: 2 requests, 1 keys)" == repr(trace)
    assert 0 == len(Trace())


def test_a_trace_gives_its_requests_back():
    """In their order, with None where the trace says nothing."""
    requests = [Request("a", WRITE, 5, 0.0, 60.0), Request("b", READ, 6, 2.0, math.inf)]

    assert requests == list(Trace(requests))
    assert [Request("k")] == list(Trace.of_keys(["k"]))


def test_the_used_keys_leave_deletes_out():
    """A delete neither reads nor stores its key."""
    requests = [Request("a", WRITE), Request("b", DELETE), Request("c")]

    assert ["a", "c"] == Trace(requests).used
    assert ["k"] == Trace.of_keys(["k"]).used


@pytest.mark.parametrize("column", ["size", "time"])
def test_a_column_is_whole_or_absent(column):
    """A size or time of some requests only would have to be invented for the others."""
    requests = [Request("a", **{column: 1}), Request("b")]

    with pytest.raises(BadInput, match=f"1 of 2 requests have no {column}"):
        Trace(requests)


@pytest.mark.parametrize(
    ("name", "requests", "keys"), [("web07", 76_118, 20_484), ("web12", 95_607, 13_756)]
)
def test_real_traces_come_with_the_package(name, requests, keys):
    """Their requests and keys are as many as their publisher's files have."""
    trace = sample(name)

    assert (name, requests, keys) == (trace.name, len(trace), trace.unique)


def test_an_unknown_sample_is_refused():
    """The sentence names those there are."""
    with pytest.raises(
        BadInput, match='no sample trace is called "web99"; choose from web07, web12'
    ):
        sample("web99")


def test_columns_can_be_set():
    """From a list or an array, one value per request; None takes the column away."""
    trace = Trace.of_keys("aba")
    trace.sizes, trace.ttls = [1, 2, 3], np.array([5, 6, 7])

    assert ([1, 2, 3], [5.0, 6.0, 7.0]) == (trace.sizes, trace.ttls)
    assert [Request("a", READ, 1, None, 5.0), Request("b", READ, 2, None, 6.0)] == list(trace)[:2]
    trace.sizes = trace.ttls = None
    assert trace.is_plain
    with pytest.raises(BadInput, match='"keys" has 3 requests; give as many sizes, got 2'):
        trace.sizes = [1, 2]


def test_keys_without_a_request_are_left_out():
    """The names are the different keys of the requests."""
    trace = Trace.of_codes(np.array([2, 0, 2]), ["a", "b", "c"])

    assert (["c", "a", "c"], ["a", "c"], 2) == (trace.keys, trace.names, trace.unique)
    assert [1, 0, 1] == trace.columns.codes.tolist()


def test_a_long_trace_gives_its_requests_back():
    """Over the ends of chunks too."""
    keys = [f"k{n % 9}" for n in range(70_000)]
    trace = Trace.of_keys(keys)

    assert keys == [request.key for request in trace]
    assert keys == [key for chunk in trace.chunks() for key in chunk.keys]
