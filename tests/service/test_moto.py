"""moto as an oracle: every key that it answers is in our answer, too, but for its listed faults."""

import json
from functools import cache

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

from cachesim.experiments.cloud import Cloud
from tests.service.played_calls import KEYS, calls, played

FAULTS = {  # (operation, key) -> why ours has it not
}


def test_moto_answers_nothing_that_we_do_not():
    """The same calls in the same order, each after half an hour."""
    cloud = Cloud(seed=1)
    ours = played(cache(cloud.client), lambda: cloud.advance(minutes=30))
    theirs = json.loads(KEYS.read_text())["answers"]
    assert [(each["service"], each["operation"]) for each in calls()] == [
        (service, operation) for service, operation, _ in theirs
    ]
    missing = {
        (operation, key)
        for (_, operation, keys), (*_, own) in zip(theirs, ours, strict=True)
        for key in set(keys) - set(own)
    }

    assert set(FAULTS) == missing
