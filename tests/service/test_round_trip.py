"""Every operation of every service that the wire knows: what boto3 sends arrives, and the answer, too.

The parameters and the answers are made from AWS's own models; a seed for each operation draws them.
"""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

boto3 = pytest.importorskip("boto3", reason="needs the extra aws")

import botocore.model  # noqa: E402
from botocore.awsrequest import AWSResponse  # noqa: E402
from botocore.config import Config  # noqa: E402

from cachesim.rng import stream  # noqa: E402
from cachesim.service.account import Account  # noqa: E402
from cachesim.service.wire import models  # noqa: E402
from cachesim.service.wire.answer import answer  # noqa: E402
from cachesim.service.wire.door import Body  # noqa: E402

SERVICES = sorted({*models.TARGETED, *models.QUERIED})
TEXTS = ("plain", 'a<&>"é 1', "", "two\nlines", "x" * 300)
DEEPEST = 6


class Drawn:
    """Values of AWS's shapes, drawn from a seed."""

    def __init__(self, name):
        self.random = stream(1, name)

    def of(self, shape, above=()):
        """Return a value of a shape; None where it would go on for ever."""
        if shape.name in above or len(above) > DEEPEST:
            return None
        return getattr(self, shape.type_name)(shape, (*above, shape.name))

    def structure(self, shape, above):
        """Some of the members, and all that are required; one of a union."""
        if getattr(shape, "is_tagged_union", False):
            name = list(shape.members)[self.random.integers(len(shape.members))]
            return {name: self.of(shape.members[name], above)}
        members = {
            name: self.of(member, above)
            for name, member in shape.members.items()
            if name in shape.required_members or self.random.random() < 0.6
        }
        return {name: value for name, value in members.items() if value not in (None, {}, [])}

    def list(self, shape, above):
        """One to three members, or as many as must be."""
        least = shape.metadata.get("min", 1)
        found = [self.of(shape.member, above) for _ in range(least + self.random.integers(3))]
        return [each for each in found if each not in (None, {}, [])]

    def map(self, shape, above):
        """Two entries."""
        found = {f"key{number}": self.of(shape.value, above) for number in (1, 2)}
        return {key: value for key, value in found.items() if value not in (None, {}, [])}

    def string(self, shape, above):
        """A word of the enum, or a text that must be escaped; as long as it must be."""
        known = getattr(shape, "enum", None) or TEXTS
        text = str(known[self.random.integers(len(known))])
        return (
            text if getattr(shape, "enum", None) else text.ljust(shape.metadata.get("min", 0), "z")
        )

    def integer(self, shape, above):
        """A small number that is allowed."""
        return int(max(shape.metadata.get("min", 0), self.random.integers(1, 60)))

    def double(self, shape, above):
        """A fraction with an exact double."""
        return max(shape.metadata.get("min", -2.0), float(self.random.integers(-8, 60)) / 4)

    def boolean(self, shape, above):
        """True or false."""
        return bool(self.random.integers(2))

    def timestamp(self, shape, above):
        """A date in whole seconds."""
        return datetime(2026, 1, 5, 8, 0, int(self.random.integers(60)), tzinfo=UTC)

    def blob(self, shape, above):
        """Bytes that are no text."""
        return b"\0\xff" + self.random.bytes(3)

    long, float = integer, double


class Parrot:
    """A desk that takes every operation, keeps what it was asked, and gives a drawn answer."""

    def __init__(self, model):
        self.model, self.asked, self.gave = model, None, None

    def __getattr__(self, name):
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
        found = answer(account, urlsplit(request.url).path, headers, body)
        return AWSResponse(request.url, found.status, found.headers, Body(found.body))

    client.meta.events.register("before-send", sent)
    return client


def differences(service):
    """Call every operation of a service; return the names of those whose values did not arrive."""
    account, model = Account(), models.service(service)
    parrot = account.desks[service] = Parrot(model)
    client, found = client_of(service, account), []
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        request = Drawn(name).of(shape) if shape is not None else {}
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
