"""Who may do what with a bucket: grants of an access control list, and statements of a bucket policy.

The owner may do everything. Others are the service of ElastiCache that reads seeds and writes exports.
"""

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from cachesim.service.account import REGION
from cachesim.service.faults import ServiceFault

SNAPSHOTS = f"{REGION}.elasticache-snapshot.amazonaws.com"  # as a policy names the service
SNAPSHOTS_ID = "540804c33a284a299d2547575ce1010f2312ef3da9b3a053c8bc45bf233e4353"  # as a list does
OWNER = {"ID": "0" * 64, "DisplayName": "owner"}
ACTIONS = {  # permission of a list -> the same in a policy
    "READ": "s3:ListBucket",
    "WRITE": "s3:PutObject",
    "READ_ACP": "s3:GetBucketAcl",
    "READ_OBJECT": "s3:GetObject",
}
OF_OBJECTS = ("WRITE", "READ_OBJECT")  # a policy gives these for arn:aws:s3:::bucket/key
HEADERS = {  # parameter of a request -> permission
    "GrantRead": "READ",
    "GrantWrite": "WRITE",
    "GrantReadACP": "READ_ACP",
    "GrantWriteACP": "WRITE_ACP",
    "GrantFullControl": "FULL_CONTROL",
}


@dataclass
class Grants:
    """The rights to a bucket and to its objects.

    >>> grants = Grants("seeds")
    >>> grants.put_policy(
    ...     '{"Statement": [{"Effect": "Allow", "Action": "s3:Get*",'
    ...     f'"Principal": {{"Service": "{SNAPSHOTS}"}}, "Resource": "arn:aws:s3:::seeds/*"}}]}}'
    ... )
    >>> grants.allows("READ_OBJECT", "a.rdb"), grants.allows("READ")
    (True, False)
    """

    bucket: str
    policy: str = ""
    statements: list[dict[str, Any]] = field(default_factory=list)
    lists: dict[str, list[tuple[str, str]]] = field(
        default_factory=dict
    )  # "" or key -> (id, right)

    def put_policy(self, text: str) -> None:
        """Set the policy. Raises ServiceFault."""
        try:
            statements = json.loads(text)["Statement"]
            found = [dict(each) for each in _listed(statements)]
            complete = all({"Effect", "Principal", "Action", "Resource"} <= set(s) for s in found)
        except (ValueError, KeyError, TypeError):
            complete = False
        if not complete:
            raise ServiceFault(
                "MalformedPolicy", "This policy contains invalid Json or statements."
            )
        if any("Condition" in each for each in found):
            raise ServiceFault("NotImplemented", "Condition is not simulated; leave it out.")
        self.policy, self.statements = text, found

    def put_list(self, request: dict[str, Any], key: str = "") -> None:
        """Set the access control list of the bucket, or of an object."""
        if request.get("ACL", "private") != "private":
            raise ServiceFault("NotImplemented", "Of the canned ACLs only private is simulated.")
        given = request.get("AccessControlPolicy", {}).get("Grants", [])
        found = [(each["Grantee"].get("ID", ""), each["Permission"]) for each in given]
        found += [
            (grantee.partition("=")[2].strip('" '), permission)
            for name, permission in HEADERS.items()
            for grantee in request.get(name, "").split(",")
            if grantee
        ]
        self.lists[key] = found

    def shown(self, key: str = "") -> dict[str, Any]:
        """Return an access control list in AWS's shape."""
        held = [(OWNER["ID"], "FULL_CONTROL"), *self.lists.get(key, [])]
        grants = [
            {"Grantee": {"ID": each, "Type": "CanonicalUser"}, "Permission": permission}
            for each, permission in held
        ]
        return {"Owner": OWNER, "Grants": grants}

    def allows(self, permission: str, key: str = "") -> bool:
        """Whether the service of snapshots has a permission, by the policy or by a list."""
        verdicts = [each["Effect"] for each in self.statements if self._fits(each, permission, key)]
        if "Deny" in verdicts:
            return False
        of_object = permission == "READ_OBJECT"
        held = self.lists.get(key if of_object else "", [])
        wanted = {"READ" if of_object else permission, "FULL_CONTROL"}
        return bool(verdicts) or any(who == SNAPSHOTS_ID and may in wanted for who, may in held)

    def _fits(self, statement: dict[str, Any], permission: str, key: str) -> bool:
        principal = statement["Principal"]
        names = _listed(principal if isinstance(principal, str) else principal.get("Service", []))
        resource = f"arn:aws:s3:::{self.bucket}" + (f"/{key}" if permission in OF_OBJECTS else "")
        return (
            bool({"*", SNAPSHOTS} & set(names))
            and any(
                fnmatchcase(ACTIONS[permission].lower(), each.lower())
                for each in _listed(statement["Action"])
            )
            and any(fnmatchcase(resource, each) for each in _listed(statement["Resource"]))
        )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
