"""The door for a client in the same process: a boto3 session that opens no socket.

Its waiters sleep in simulated time: `waiting` hands their sleep to the calendar.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import boto3
import botocore.session
import botocore.waiter
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.loaders import Loader

from cachesim.service.account import REGION, Account
from cachesim.service.wire.answer import answer
from cachesim.service.wire.s3 import HttpRequest

LOADER = (
    Loader()
)  # reads each model once for all clients; not the wire's: a client changes what it reads
LOCK = threading.Lock()  # upload_file sends from threads of its own


class Body(BytesIO):
    """The body of a response, as botocore reads it."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """Yield what is left, in one piece."""
        yield self.read()


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
    core.register_component("data_loader", LOADER)
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
    body = request.body or b""
    body = body.read() if hasattr(body, "read") else body
    content = body.encode() if isinstance(body, str) else bytes(body)
    with LOCK:
        found = answer(account, HttpRequest(request.method, request.url, headers, content))
    return AWSResponse(request.url, found.status, HeadersDict(found.headers), Body(found.body))
