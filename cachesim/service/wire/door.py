"""The door for a client in the same process: a boto3 session that opens no socket.

Its waiters sleep in simulated time: `waiting` hands their sleep to the calendar.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
import botocore.waiter
from botocore.awsrequest import AWSResponse

from cachesim.service.account import REGION, Account
from cachesim.service.wire.answer import answer
from cachesim.service.wire.models import loader


class Body:
    """The body of a response, as botocore reads it."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """Yield it in one piece."""
        yield self.content


class Sleeper:
    """A module `time` whose sleep is simulated."""

    def __init__(self, account: Account) -> None:
        self.sleep = account.calendar.advance


@contextmanager
def waiting(account: Account) -> Iterator[None]:
    """Let botocore's waiters sleep in the account's time."""
    usual = botocore.waiter.time
    botocore.waiter.time = Sleeper(account)
    try:
        yield
    finally:
        botocore.waiter.time = usual


def client(account: Account, service: str, access_key: str = "any") -> Any:
    """Return a real boto3 client whose requests the account answers; the key says who calls."""
    core = botocore.session.Session()
    core.register_component("data_loader", loader())  # the models are read once, not by each client
    session = boto3.Session(access_key, "any", region_name=REGION, botocore_session=core)
    made = session.client(service)
    made.meta.events.register("before-send", lambda request, **_: _sent(account, request))
    usual = made.get_waiter

    def get_waiter(name: str) -> Any:
        waiter = usual(name)
        polls = waiter.wait

        def wait(**arguments: Any) -> None:
            with waiting(account):
                polls(**arguments)

        waiter.wait = wait
        return waiter

    made.get_waiter = get_waiter
    return made


def _sent(account: Account, request: Any) -> AWSResponse:
    headers = {
        key.title(): value.decode() if isinstance(value, bytes) else value
        for key, value in request.headers.items()
    }
    body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
    found = answer(account, urlsplit(request.url).path, headers, body)
    return AWSResponse(request.url, found.status, found.headers, Body(found.body))
