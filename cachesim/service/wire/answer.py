"""One request, whatever door it came through: the desk of its service answers."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from cachesim.service.account import Account
from cachesim.service.faults import ServiceFault
from cachesim.service.iam.gate import ask
from cachesim.service.wire import s3
from cachesim.service.wire.parse import check, parse
from cachesim.service.wire.s3 import HttpRequest
from cachesim.service.wire.write import Reply, refusal, reply, unreadable


def answer(
    account: Account,
    request: HttpRequest,
    asked: Callable[[str], None] = lambda operation: None,
) -> Reply:
    """Let the desk of a service answer a request. A request that cannot be read is refused, too.

    `asked` hears of each operation before it is answered: a poll may cost time.
    """
    request_id = account.request_id()
    if s3.is_for_s3(request):
        return s3.answer(account, request, request_id)
    try:
        call = parse(urlsplit(request.url).path, request.headers, request.body)
    except ServiceFault as fault:
        return unreadable(fault, request_id)
    service, operation = call.operation.service_model.service_name, call.operation.name
    try:
        check(call)
        asked(operation)
        found = ask(account, s3.key_of(request), service, operation, call.parameters)
        if account.names:
            found = resolved(found, account.names)
        return reply(call, found, request_id)
    except ServiceFault as fault:
        return refusal(call, fault, request_id)


def resolved(value: Any, names: Mapping[str, tuple[str, int]]) -> Any:
    """Return an answer whose endpoints lead to ports of this machine, as far as there are some.

    >>> resolved([{"Address": "shop.aws", "Port": 6379}], {"shop.aws": ("127.0.0.1", 40001)})
    [{'Address': '127.0.0.1', 'Port': 40001}]
    """
    if isinstance(value, list):
        return [resolved(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("Address") in names:
        host, port = names[value["Address"]]
        url = {"URL": f"dax://{host}:{port}"} if "URL" in value else {}
        return {**value, "Address": host, "Port": port, **url}
    return {key: resolved(each, names) for key, each in value.items()}
