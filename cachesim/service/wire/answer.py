"""One request, whatever door it came through: the desk of its service answers."""

from collections.abc import Mapping

from cachesim.service.account import Account
from cachesim.service.faults import ServiceFault
from cachesim.service.iam.gate import admit
from cachesim.service.wire.parse import check, parse
from cachesim.service.wire.write import Reply, refusal, reply, unreadable


def answer(account: Account, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """Let the desk of a service answer a request. A request that cannot be read is refused, too."""
    request_id = account.request_id()
    try:
        call = parse(path, headers, body)
    except ServiceFault as fault:
        return unreadable(fault, request_id)
    try:
        check(call)
        service = call.operation.service_model.service_name
        desk = account.desk(service)
        account.caller = admit(account, headers, service, call.operation.name, call.parameters)
        operation = getattr(desk, call.operation.name, None)
        if operation is None:
            raise ServiceFault("NotImplemented", f"{call.operation.name} is not simulated.")
        return reply(call, operation(call.parameters), request_id)
    except ServiceFault as fault:
        return refusal(call, fault, request_id)
    finally:
        account.caller = None
