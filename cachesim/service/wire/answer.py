"""One request, whatever door it came through: the desk of its service answers."""

from urllib.parse import urlsplit

from cachesim.service.account import Account
from cachesim.service.faults import ServiceFault
from cachesim.service.wire import s3
from cachesim.service.wire.parse import check, parse
from cachesim.service.wire.s3 import HttpRequest
from cachesim.service.wire.write import Reply, refusal, reply, unreadable


def answer(account: Account, request: HttpRequest) -> Reply:
    """Let the desk of a service answer a request. A request that cannot be read is refused, too."""
    request_id = account.request_id()
    if s3.is_for_s3(request):
        return s3.answer(account, request, request_id)
    try:
        call = parse(urlsplit(request.url).path, request.headers, request.body)
    except ServiceFault as fault:
        return unreadable(fault, request_id)
    try:
        check(call)
        desk = account.desk(call.operation.service_model.service_name)
        operation = getattr(desk, call.operation.name, None)
        if operation is None:
            raise ServiceFault("NotImplemented", f"{call.operation.name} is not simulated.")
        return reply(call, operation(call.parameters), request_id)
    except ServiceFault as fault:
        return refusal(call, fault, request_id)
