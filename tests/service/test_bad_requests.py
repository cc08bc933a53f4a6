"""Requests that nobody should send, made from AWS's own models: each is answered, none half done."""

import http
import json
from urllib.parse import urlencode

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

from cachesim.experiments.cloud import Cloud
from cachesim.rng import stream
from cachesim.service.wire import models
from cachesim.service.wire.answer import answer
from cachesim.service.wire.s3 import HttpRequest
from tests.service.conftest import GROUP
from tests.service.drawn import Doubtful

REQUESTS = 3  # for each operation


@pytest.fixture
def account():
    """An account with a group, a sharded group and a Memcached cluster."""
    cloud = Cloud(seed=1)
    desk = cloud.desk("elasticache")
    desk.CreateReplicationGroup(GROUP)
    desk.CreateReplicationGroup(
        {"ReplicationGroupId": "wide", "ReplicationGroupDescription": "", "NumNodeGroups": 2}
    )
    desk.CreateCacheCluster({"CacheClusterId": "m", "Engine": "memcached", "NumCacheNodes": 2})
    cloud.advance(minutes=30)
    return cloud.account


def form_of(value, prefix):
    """Return a value as the pairs of a form, as the query protocol has them."""
    if isinstance(value, dict):
        return [
            pair
            for key, each in value.items()
            for pair in form_of(each, f"{prefix}.{key}".strip("."))
        ]
    if isinstance(value, list):
        return [
            pair
            for number, each in enumerate(value, 1)
            for pair in form_of(each, f"{prefix}.member.{number}")
        ]
    return [(prefix, str(value))]


def sent(account, service, name, request):
    """Send a request in the bytes of its service's protocol."""
    model = models.service(service)
    if service in models.TARGETED:
        target = f"{model.metadata['targetPrefix']}.{name}"
        body = json.dumps(request, default=str).encode()
        return answer(account, HttpRequest("POST", "/", {"X-Amz-Target": target}, body))
    fixed = [("Action", name), ("Version", model.api_version)]
    return answer(
        account, HttpRequest("POST", "/", {}, urlencode(fixed + form_of(request, "")).encode())
    )


def sizes(account):
    """Count everything that the desks hold."""
    return {
        (service, name): len(value)
        for service, desk in account.desks.items()
        for name, value in vars(desk).items()
        if hasattr(value, "__len__")
    }


OPERATIONS = [
    (service, name)
    for service, desk in sorted(Cloud().account.desks.items())
    if service in {*models.TARGETED, *models.QUERIED.values()}
    for name in models.service(service).operation_names
    if hasattr(desk, name)
]


@pytest.mark.parametrize(("service", "name"), OPERATIONS)
def test_a_doubtful_request_is_answered(account, service, name):
    """A modelled error or an answer, never a traceback; what is refused leaves nothing behind."""
    doubtful = Doubtful(f"{service} {name}")
    shape = models.service(service).operation_model(name).input_shape
    for _ in range(REQUESTS):
        request = doubtful.of(shape) if shape is not None else {}
        before = sizes(account)
        reply = sent(account, service, name, request)

        assert 200 <= reply.status < http.HTTPStatus.INTERNAL_SERVER_ERROR
        assert 200 == reply.status or before == sizes(account)
    account.calendar.advance(86400.0)  # what was begun comes to its end


def test_the_order_of_doubtful_requests_does_not_matter(account):
    """All operations in a drawn order, on one account."""
    order = stream(1, "order").permutation(len(OPERATIONS))
    for service, name in (OPERATIONS[number] for number in order):
        shape = models.service(service).operation_model(name).input_shape
        request = Doubtful(f"{name} again").of(shape) if shape is not None else {}

        assert sent(account, service, name, request).status < http.HTTPStatus.INTERNAL_SERVER_ERROR
        account.calendar.advance(60.0)


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        ("/", {"X-Amz-Target": "GraniteServiceVersion20100801.ListMetrics"}, b"[" * 100_000),
        ("/", {"X-Amz-Target": "GraniteServiceVersion20100801.ListMetrics"}, b"{"),
        ("/service/GraniteServiceVersion20100801/operation/ListMetrics", {}, b"\xff"),
        ("/service/GraniteServiceVersion20100801/operation/ListMetrics", {}, b"\xa1"),
        ("/", {}, b"Action=AddTagsToResource&Version=2015-02-02&Tags=x&Tags.member.1.Key.a=b"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(account, path, headers, body):
    """JSON and CBOR that end too early or are too deep; a form whose names do not fit together."""
    assert 400 == answer(account, HttpRequest("POST", path, headers, body)).status
