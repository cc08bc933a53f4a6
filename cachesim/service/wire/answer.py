"""One request, whatever door it came through: the desk of its service answers."""

import re
from collections.abc import Mapping

from cachesim.service.account import Account
from cachesim.service.faults import ServiceFault
from cachesim.service.iam.gate import ask
from cachesim.service.wire.parse import check, parse
from cachesim.service.wire.write import Reply, refusal, reply, unreadable

CREDENTIAL = re.compile(r"Credential=([^/,]+)/")


def answer(account: Account, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """Let the desk of a service answer a request. A request that cannot be read is refused, too."""
    request_id = account.request_id()
    try:
        call = parse(path, headers, body)
    except ServiceFault as fault:
        return unreadable(fault, request_id)
    signed = CREDENTIAL.search(headers.get("Authorization", ""))
    service, operation = call.operation.service_model.service_name, call.operation.name
    try:
        check(call)
        found = ask(account, signed[1] if signed else "", service, operation, call.parameters)
        return reply(call, found, request_id)
    except ServiceFault as fault:
        return refusal(call, fault, request_id)
