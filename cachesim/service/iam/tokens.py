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

ACTION = "elasticache:Connect"
LASTS = timedelta(minutes=15)
STAMP = "%Y%m%dT%H%M%SZ"
PLAIN = re.compile(r"[^A-Za-z0-9_.~-]")
FORM = re.compile(r"[^/?]+/\?.*&X-Amz-Credential=(\w+)%2F.*&X-Amz-Date=(\d{8}T\d{6}Z)&.*")


def _escaped(text: str) -> str:
    return PLAIN.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), text)


def connect_token(key: AccessKey, group: str, user: str, date: datetime) -> str:
    """Return the token with which a user logs in to a group; it is right for 15 minutes.

    Raises nothing: who may log in is judged when the token is used.
    """
    day, stamp = f"{date:%Y%m%d}/{REGION}/elasticache/aws4_request", f"{date:{STAMP}}"
    asked = {
        "Action": "connect",
        "User": user,
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{key.id}/{day}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(int(LASTS.total_seconds())),
        "X-Amz-SignedHeaders": "host",
        **({"X-Amz-Security-Token": key.token} if key.token else {}),
    }
    query = "&".join(f"{name}={_escaped(value)}" for name, value in sorted(asked.items()))
    nothing = hashlib.sha256(b"").hexdigest()
    canonical = f"GET\n/\n{query}\nhost:{group}\n\nhost\n{nothing}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    secret = f"AWS4{key.secret}".encode()
    for part in (*day.split("/"), f"AWS4-HMAC-SHA256\n{stamp}\n{day}\n{digest}"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    return f"{group}/?{query}&X-Amz-Signature={secret.hex()}"


def lets_in(account: Account, group: Any, user: Any, token: str) -> bool:
    """Whether IAM lets a user of caches log in to a group with a token now.

    The token must be made for this group and this user by a key of the account, at most 15 minutes ago,
    and the policies of the key's owner must allow elasticache:Connect on both.
    """
    match, iam = FORM.fullmatch(token), account.desk("iam")
    key = iam.keys.get(match[1]) if match else None
    if match is None or key is None or user.login != "iam":
        return False
    try:
        made = datetime.strptime(match[2], STAMP).replace(tzinfo=UTC)
        caller = iam.caller(key.id)
    except (ValueError, ServiceFault):  # no date; the key is off, or its session has ended
        return False
    is_fresh = timedelta(seconds=-1) <= account.calendar.date - made <= LASTS
    is_signed = hmac.compare_digest(connect_token(key, group.id, user.id, made), token)
    return (
        is_fresh
        and is_signed
        and all(
            decision(account, caller, ACTION, arn, {}) == ALLOWED for arn in (group.arn, user.arn)
        )
    )
