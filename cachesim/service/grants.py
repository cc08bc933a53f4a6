"""Who may do what with a bucket: grants of an access control list, and statements of a bucket policy.

The owner may do everything. Others are the service of ElastiCache that reads seeds and writes exports.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from cachesim.service.account import REGION
from cachesim.service.faults import ServiceFault, refuse_if
from cachesim.service.iam.policies import OF_BUCKET, PolicyStatement, read, several

SNAPSHOTS = f"{REGION}.elasticache-snapshot.amazonaws.com"  # as a policy names the service
SNAPSHOTS_ID = "540804c33a284a299d2547575ce1010f2312ef3da9b3a053c8bc45bf233e4353"  # as a list does
OWNER = {"ID": "0" * 64, "DisplayName": "owner"}
ACTIONS = {  # permission of a list -> the same in a policy
    "READ": "s3:ListBucket", "WRITE": "s3:PutObject",
    "READ_ACP": "s3:GetBucketAcl", "READ_OBJECT": "s3:GetObject",
}  # fmt: skip
OF_OBJECTS = ("WRITE", "READ_OBJECT")  # a policy gives these for arn:aws:s3:::bucket/key
HEADERS = {  # parameter of a request -> permission
    "GrantRead": "READ", "GrantWrite": "WRITE", "GrantReadACP": "READ_ACP",
    "GrantWriteACP": "WRITE_ACP", "GrantFullControl": "FULL_CONTROL",
}  # fmt: skip
UNUSED = ("Condition", "NotAction", "NotResource")  # parts of a statement that are not simulated


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
    lists: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # "" or key: (id, right)

    @property
    def statements(self) -> list[dict[str, Any]]:
        """The statements of its policy as they were put."""
        return several(json.loads(self.policy)["Statement"]) if self.policy else []

    def _read(self) -> tuple[PolicyStatement, ...]:
        return read(self.policy, OF_BUCKET) if self.policy else ()

    def put_policy(self, text: str) -> None:
        """Set the policy; without a text there is none. Raises ServiceFault."""
        new = Grants(self.bucket, text)
        try:
            new._read()
        except ServiceFault as why:
            raise ServiceFault("MalformedPolicy", str(why)) from None
        for part in UNUSED:
            refuse_if(any(part in each for each in new.statements), "not simulated", part)
        self.policy = text

    def put_list(self, request: dict[str, Any], key: str = "") -> None:
        """Set the access control list of the bucket, or of an object."""
        refuse_if(request.get("ACL", "private") != "private", "not simulated", "A public ACL")
        given = request.get("AccessControlPolicy", {}).get("Grants", [])
        found = [(each["Grantee"].get("ID", ""), each["Permission"]) for each in given]
        for name, permission in HEADERS.items():
            grantees = filter(None, request.get(name, "").split(","))
            found += [(each.partition("=")[2].strip('" '), permission) for each in grantees]
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
        place = f"arn:aws:s3:::{self.bucket}" + (f"/{key}" if permission in OF_OBJECTS else "")
        said = {
            each.effect
            for each in self._read()
            if each.meets(ACTIONS[permission], place, {})
            and {"*", SNAPSHOTS} & set(each.texts["Principal"])
        }
        of_object = permission == "READ_OBJECT"
        held = self.lists.get(key if of_object else "", [])
        wanted = ("READ" if of_object else permission, "FULL_CONTROL")
        is_listed = any(who == SNAPSHOTS_ID and may in wanted for who, may in held)
        return "Deny" not in said and ("Allow" in said or is_listed)
