"""The desk of STS: who am I, and the temporary keys of a role."""

from typing import Any

from cachesim.service.account import NUMBER, Account
from cachesim.service.elasticache.checks import only
from cachesim.service.faults import ServiceFault
from cachesim.service.iam.conditions import arn_like
from cachesim.service.iam.gate import context_of
from cachesim.service.iam.people import ROLE, ROOT, ApiCaller, Identity, arn_of
from cachesim.service.iam.policies import read

SHORTEST = 900  # seconds of a session


class Sts:
    """Sessions of roles. The gate has checked that the caller's own policies allow sts:AssumeRole."""

    service = "sts"

    def __init__(self, account: Account) -> None:
        self.account = account

    def _caller(self) -> ApiCaller:
        return self.account.caller or ROOT

    def GetCallerIdentity(self, request: dict[str, Any]) -> dict[str, Any]:
        """Say who calls."""
        caller = self._caller()
        return {"UserId": caller.id, "Account": NUMBER, "Arn": caller.arn}

    def AssumeRole(self, request: dict[str, Any]) -> dict[str, Any]:
        """Give the caller temporary keys of a role that trusts it."""
        only(request, ("RoleArn", "RoleSessionName", "DurationSeconds"))
        people, caller, arn = self.account.desk("iam").people, self._caller(), request["RoleArn"]
        roles = [each for each in people.identities.values() if each.kind == ROLE]
        role = next((each for each in roles if each.arn == arn), None)
        if role is None or not self._is_trusted(role, caller):
            raise ServiceFault(
                "AccessDenied",
                f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            )
        lasts = request.get("DurationSeconds", min(3600, role.lasts))
        if not SHORTEST <= lasts <= role.lasts:
            raise ServiceFault(
                "ValidationError",
                f"DurationSeconds must be from {SHORTEST} to the role's {role.lasts}, got {lasts}.",
            )
        key = people.new_key(role, request["RoleSessionName"], lasts)
        assumed = people.caller(key.id)
        secrets = {"SecretAccessKey": key.secret, "SessionToken": key.token}
        return {
            "Credentials": {"AccessKeyId": key.id, **secrets, "Expiration": key.ends},
            "AssumedRoleUser": {"AssumedRoleId": assumed.id, "Arn": assumed.arn},
        }

    def _is_trusted(self, role: Identity, caller: ApiCaller) -> bool:
        """Whether the trust policy names the caller, or the whole account, and nothing in it denies."""
        context = context_of(self.account, caller, {}, role.arn)
        met = [
            each.effect
            for each in read(role.trust, is_trust=True)
            if each.meets("sts:AssumeRole", role.arn, context)
            and any(
                principal in (arn_of("root"), NUMBER, "*") or arn_like(caller.arn, principal)
                for principal in each.texts["Principal"]
            )
        ]
        return "Allow" in met and "Deny" not in met
