"""Tokens with which an IAM user logs in to a cache: an address that Signature Version 4 signs."""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from cachesim.service.account import REGION, Account
from cachesim.service.faults import ServiceFault
from cachesim.service.iam.gate import decision
from cachesim.service.iam.people import AccessKey
from cachesim.service.iam.policies import ALLOWED

SERVICE, ACTION = "elasticache", "elasticache:Connect"
LASTS = timedelta(minutes=15)
STAMP = "%Y%m%dT%H%M%SZ"
PLAIN = re.compile(r"[^A-Za-z0-9_.~-]")
FORM = re.compile(r"([^/?]+)/\?(.*)&X-Amz-Signature=([0-9a-f]{64})")


def _escaped(text: str) -> str:
    return PLAIN.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), text)


def _sign(secret: bytes, text: str) -> bytes:
    return hmac.digest(secret, text.encode(), "sha256")


def connect_token(key: AccessKey, group: str, user: str, date: datetime) -> str:
    """Return the token with which a user logs in to a group; it is right for 15 minutes.

    Raises nothing: who may log in is judged when the token is used.
    """
    day = f"{date:%Y%m%d}/{REGION}/{SERVICE}/aws4_request"
    asked = {
        "Action": "connect",
        "User": user,
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{key.id}/{day}",
        "X-Amz-Date": f"{date:{STAMP}}",
        "X-Amz-Expires": str(int(LASTS.total_seconds())),
        "X-Amz-SignedHeaders": "host",
        **({"X-Amz-Security-Token": key.token} if key.token else {}),
    }
    query = "&".join(f"{name}={_escaped(value)}" for name, value in sorted(asked.items()))
    nothing = hashlib.sha256(b"").hexdigest()
    canonical = f"GET\n/\n{query}\nhost:{group}\n\nhost\n{nothing}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{date:{STAMP}}\n{day}\n{digest}"
    secret = f"AWS4{key.secret}".encode()
    for part in day.split("/"):
        secret = _sign(secret, part)
    return f"{group}/?{query}&X-Amz-Signature={_sign(secret, text).hex()}"


def lets_in(account: Account, group: Any, user: Any, token: str) -> bool:
    """Whether IAM lets a user of caches log in to a group with a token now.

    The token must be made for this group and this user by a key of the account, at most 15 minutes ago,
    and the policies of the key's owner must allow elasticache:Connect on both.
    """
    match = FORM.fullmatch(token)
    if match is None or user.login != "iam":
        return False
    given = dict(part.partition("=")[::2] for part in match[2].split("&"))
    key = account.desk("iam").people.keys.get(given.get("X-Amz-Credential", "").partition("%2F")[0])
    try:
        made = datetime.strptime(given.get("X-Amz-Date", ""), STAMP).replace(tzinfo=UTC)
    except ValueError:
        return False
    if key is None:
        return False
    age = account.calendar.date - made
    if not timedelta(seconds=-1) <= age <= LASTS:
        return False
    if not hmac.compare_digest(connect_token(key, group.id, user.id, made), token):
        return False
    try:
        caller = account.desk("iam").people.caller(key.id)
    except ServiceFault:  # the key is off, or its session has ended
        return False
    return all(
        decision(account, caller, ACTION, arn, {}) == ALLOWED for arn in (group.arn, user.arn)
    )
