"""Every operation of every service that the wire knows: what boto3 sends arrives, and the answer, too.

The parameters and the answers are made from AWS's own models; a seed for each operation draws them.
"""

import pytest

boto3 = pytest.importorskip("boto3", reason="needs the extra aws")

import botocore.model  # noqa: E402
from botocore.awsrequest import AWSResponse  # noqa: E402
from botocore.config import Config  # noqa: E402

from cachesim.experiments.cloud import Cloud  # noqa: E402
from cachesim.service.wire import models  # noqa: E402
from cachesim.service.wire.answer import answer  # noqa: E402
from cachesim.service.wire.door import Body  # noqa: E402
from cachesim.service.wire.s3 import HttpRequest  # noqa: E402
from tests.service.drawn import Drawn  # noqa: E402

SERVICES = sorted(
    {*models.TARGETED, *models.QUERIED.values()} - {"ec2"}
)  # ec2: a protocol of its own


class Parrot:
    """A desk that takes every operation, keeps what it was asked, and gives a drawn answer."""

    def __init__(self, model, desk):
        self.model, self.desk, self.asked, self.gave = model, desk, None, None

    def __getattr__(self, name):
        if name not in self.model.operation_names:
            return getattr(self.desk, name)
        operation = self.model.operation_model(name)

        def operate(parameters):
            shape = operation.output_shape
            self.asked = parameters
            self.gave = Drawn(f"{name} answer").of(shape) if shape is not None else {}
            return self.gave

        return operate


def client_of(service, account):
    """Return a boto3 client whose requests go through the wire to an account."""
    session = boto3.Session(
        aws_access_key_id="any", aws_secret_access_key="any", region_name="us-east-1"
    )
    client = session.client(
        service, config=Config(parameter_validation=False, retries={"max_attempts": 0})
    )

    def sent(request, **_):
        headers = {
            key.title(): value.decode() if isinstance(value, bytes) else value
            for key, value in request.headers.items()
        }
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        found = answer(account, HttpRequest(request.method, request.url, headers, body))
        return AWSResponse(request.url, found.status, found.headers, Body(found.body))

    client.meta.events.register("before-send", sent)
    return client


def differences(service):
    """Call every operation of a service; return the names of those whose values did not arrive."""
    account, model = Cloud().account, models.service(service)
    parrot = account.desks[service] = Parrot(model, account.desk(service))
    client, found = client_of(service, account), []
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        request = Drawn(name).of(shape) if shape is not None else {}
        request.pop("SourceRegion", None)  # botocore keeps it: it signs a URL for that Region
        reply = client._make_api_call(name, dict(request))
        reply.pop("ResponseMetadata")
        if not (is_in(request, parrot.asked) and is_in(parrot.gave, reply)):
            found.append(name)
    return found


def is_in(sent, came):
    """Whether all that was sent came; what botocore adds of its own (tokens, empty lists) may be more."""
    if isinstance(sent, dict):
        return isinstance(came, dict) and all(
            is_in(value, came.get(key)) for key, value in sent.items()
        )
    if isinstance(sent, list):
        return len(sent) == len(came or []) and all(map(is_in, sent, came or []))
    return sent == came


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_goes_there_and_back(service):
    """Random members of every shape, in the protocol that boto3 takes."""
    assert [] == differences(service)


@pytest.mark.parametrize("protocol", ["json", "smithy-rpc-v2-cbor", "query"])
def test_cloudwatch_speaks_three_protocols(protocol, monkeypatch):
    """The same operations with a client that is held to one of the protocols."""
    monkeypatch.setattr(botocore.model, "PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", (protocol,))

    assert [] == differences("cloudwatch")
