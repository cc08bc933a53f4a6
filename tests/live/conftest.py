"""Real servers for the tests: skipped where one is missing, an error under CI=true, where it can be had."""

import os
import random

import pytest

from cachesim.clock import ManualClock
from cachesim.errors import BadInput
from cachesim.live.memcached_server import MemcachedServer
from cachesim.live.redis_server import RedisServer


def started(spec, clock, seed=1):
    """Return a running server, or skip the test with the sentence that says what is missing."""
    try:
        return spec.build(clock, random.Random(seed).random)
    except BadInput as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def start(clock):
    """Start servers that end with the test."""
    running = []

    def one(spec, seed=1, at=clock):
        running.append(started(spec, at, seed))
        return running[-1]

    yield one
    for engine in running:
        engine.close()


@pytest.fixture(params=[RedisServer, MemcachedServer])
def spec(request):
    """Every kind of server in turn."""
    return request.param()


@pytest.fixture
def server(start, spec):
    return start(spec)


@pytest.fixture
def redis(start):
    return start(RedisServer())


@pytest.fixture
def memcached(start):
    return start(MemcachedServer())


def started_fleet(kind, *arguments, **options):
    """Return a running fleet, or skip the test with the sentence that says what is missing."""
    try:
        return kind(*arguments, **options)
    except BadInput as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))


@pytest.fixture
def fleet():
    """Start fleets that end with the test."""
    running = []

    def one(kind, *arguments, **options):
        running.append(started_fleet(kind, *arguments, **options))
        return running[-1]

    yield one
    for one_of_them in running:
        one_of_them.close()


def seconds_until(pair, is_true):
    """Let time pass in steps of 100 ms until something is true; return how long it took."""
    began = pair.now
    while not is_true():
        pair.move(0.1)
    return pair.now - began
