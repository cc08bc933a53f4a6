"""The door for a client in the same process: a boto3 session that opens no socket.

Its waiters sleep in simulated time: `waiting` hands their sleep to the calendar.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from typing import Any

import boto3
import botocore.endpoint
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
THROTTLES = ("dynamodb", "dax")  # services whose clients often retry
LONGEST = 20.0  # seconds of a pause before a retry: botocore's
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


class Backoff:
    """A module `time` whose sleep is the pause before a retry, by botocore's rule and our draws."""

    def __init__(self, account: Account, draw: Callable[[], float]) -> None:
        self.account, self.draw = account, draw
        self.tried = 0

    def sleep(self, _: float) -> None:
        """Let up to 1, 2, 4 ... seconds pass."""
        self.account.calendar.advance(min(2.0**self.tried, LONGEST) * self.draw())
        self.tried += 1


def retried(account: Account, send: Callable[..., Any]) -> Callable[..., Any]:
    """Let the pauses between a client's retries pass in the account's time."""
    draw = account.stream("pauses of clients").random

    def patient(*arguments: Any) -> Any:
        usual = botocore.endpoint.time
        botocore.endpoint.time = Backoff(account, draw)
        try:
            return send(*arguments)
        finally:
            botocore.endpoint.time = usual

    return patient


@contextmanager
def waiting(account: Account) -> Iterator[None]:
    """Let botocore's waiters sleep in the account's time."""
    usual = botocore.waiter.time
    botocore.waiter.time = Sleeper(account)
    try:
        yield
    finally:
        botocore.waiter.time = usual


@cache
def _session(access_key: str) -> boto3.Session:
    """Return the session of who calls; to make one takes longer than a call."""
    core = botocore.session.Session()
    core.register_component("data_loader", LOADER)
    return boto3.Session(access_key, "any", region_name=REGION, botocore_session=core)


def client(account: Account, service: str, access_key: str = "any") -> Any:
    """Return a real boto3 client whose requests the account answers; the key says who calls."""
    made = _session(access_key).client(service)
    made.meta.events.register("before-send", lambda request, **_: _sent(account, request))
    if service in THROTTLES:
        made._endpoint.make_request = retried(account, made._endpoint.make_request)
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
