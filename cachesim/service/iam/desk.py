"""The desk of IAM: users, groups, roles, access keys, policies, and what they would allow."""

from collections.abc import Callable
from typing import Any

from cachesim.service.account import Account
from cachesim.service.elasticache.checks import only
from cachesim.service.faults import ServiceFault
from cachesim.service.iam.common import COMMON, conflict, created, listed
from cachesim.service.iam.people import (
    AWS,
    GONE,
    GROUP,
    ROLE,
    USER,
    AccessKey,
    People,
    arn_of,
    no_such,
    quoted,
)
from cachesim.service.iam.policies import judge, read

Answer = dict[str, Any]
MOST_KEYS = 2  # of a user
SIMULATED = ("PolicySourceArn", "ActionNames", "ResourceArns", "ContextEntries", "PolicyInputList")
VERSION = "v1"  # the only one that a managed policy has here


class Iam:
    """Identities and their policies. What users, groups and roles have in common is in common.py."""

    service = "iam"

    def __init__(self, account: Account) -> None:
        self.account = account
        self.people = People(account)

    def AddUserToGroup(self, request: Answer) -> Answer:
        """Give a user the policies of a group, too."""
        self.RemoveUserFromGroup(request)
        self.people.find(USER, request["UserName"]).groups.append(request["GroupName"])
        return {}

    def RemoveUserFromGroup(self, request: Answer) -> Answer:
        """Take a user out of a group."""
        user, group = (self.people.find(kind, request[f"{kind}Name"]) for kind in (USER, GROUP))
        user.groups = [each for each in user.groups if each.lower() != group.name.lower()]
        return {}

    # Access keys

    def CreateAccessKey(self, request: Answer) -> Answer:
        """Make an access key for a user; its secret is shown only now."""
        user = self.people.find(USER, request.get("UserName", ""))
        if len(self.people.keys_of(user)) >= MOST_KEYS:
            raise ServiceFault(
                "LimitExceededException", f"Cannot exceed quota for AccessKeysPerUser: {MOST_KEYS}"
            )
        key = self.people.new_key(user)
        return {"AccessKey": {**key.shown(), "SecretAccessKey": key.secret}}

    def ListAccessKeys(self, request: Answer) -> Answer:
        """List the keys of a user."""
        keys = self.people.keys_of(self.people.find(USER, request.get("UserName", "")))
        return {"AccessKeyMetadata": [each.shown() for each in keys]}

    def UpdateAccessKey(self, request: Answer) -> Answer:
        """Switch a key on or off."""
        self._key(request).status = request["Status"]
        return {}

    def DeleteAccessKey(self, request: Answer) -> Answer:
        """Let a key be of no use."""
        self._key(request).status = GONE
        return {}

    def _key(self, request: Answer) -> AccessKey:
        key = self.people.keys.get(request["AccessKeyId"])
        if key is None or key.status == GONE or key.session:
            raise no_such(f"The Access Key with id {request['AccessKeyId']} cannot be found.")
        return key

    # Managed policies

    def CreatePolicy(self, request: Answer) -> Answer:
        """Make a policy that several identities can have."""
        only(request, ("PolicyName", "PolicyDocument", "Path"))
        arn = arn_of(f"policy{request.get('Path', '/')}{request['PolicyName']}")
        read(request["PolicyDocument"])
        if arn in self.people.policies:
            raise ServiceFault("EntityAlreadyExistsException", f"The policy {arn} already exists.")
        self.people.policies[arn] = request["PolicyDocument"]
        return self.GetPolicy({"PolicyArn": arn})

    def GetPolicy(self, request: Answer) -> Answer:
        """Show a policy without its document."""
        self.people.document(request["PolicyArn"])
        return {"Policy": self._policy(request["PolicyArn"])}

    def GetPolicyVersion(self, request: Answer) -> Answer:
        """Show the document of a policy."""
        document = self.people.document(request["PolicyArn"])
        if request["VersionId"] != VERSION:
            raise no_such(f"Policy {request['PolicyArn']} has no version {request['VersionId']}.")
        shown = {"Document": quoted(document), "VersionId": VERSION, "IsDefaultVersion": True}
        return {"PolicyVersion": shown}

    def ListPolicies(self, request: Answer) -> Answer:
        """List the policies of the account ("Local"), of AWS, or all."""
        only(request, ("Scope", "MaxItems", "Marker"))
        wanted = {"AWS": (True,), "Local": (False,)}.get(request.get("Scope", ""), (True, False))
        chosen = [arn for arn in self.people.policies if arn.startswith(AWS) in wanted]
        return {"Policies": [self._policy(arn) for arn in chosen], "IsTruncated": False}

    def DeletePolicy(self, request: Answer) -> Answer:
        """Remove a policy that nobody has."""
        arn = request["PolicyArn"]
        self.people.document(arn)
        if arn.startswith(AWS) or self._holders(arn):
            raise conflict("Cannot delete a policy that is attached to entities, or is AWS's.")
        del self.people.policies[arn]
        return {}

    def _holders(self, arn: str) -> int:
        return sum(arn in each.attached for each in self.people.identities.values())

    def _policy(self, arn: str) -> Answer:
        found = {"PolicyName": arn.rpartition("/")[2], "Arn": arn, "DefaultVersionId": VERSION}
        return {**found, "AttachmentCount": self._holders(arn), "IsAttachable": True}

    def SimulatePrincipalPolicy(self, request: Answer) -> Answer:
        """Say what the policies of an identity would decide, without doing anything."""
        only(request, SIMULATED)
        policies = self.people.policies_of(self.people.of_arn(request["PolicySourceArn"]))
        more = request.get("PolicyInputList", [])
        policies |= {
            f"PolicyInputList.{number + 1}": read(text) for number, text in enumerate(more)
        }
        context = {
            each["ContextKeyName"].lower(): tuple(each["ContextKeyValues"])
            for each in request.get("ContextEntries", [])
        }
        results = []
        for action in request["ActionNames"]:
            for resource in request.get("ResourceArns", ["*"]):
                verdict = judge(policies, action, resource, context)
                asked = {"EvalActionName": action, "EvalResourceName": resource}
                matched = [{"SourcePolicyId": name} for name in verdict.by]
                answer = {"EvalDecision": verdict.decision, "MatchedStatements": matched}
                results.append({**asked, **answer})
        return {"EvaluationResults": results, "IsTruncated": False}


def _operation(kind: str, call: Callable[[People, str, Answer], Answer]) -> Any:
    def operation(desk: Iam, request: Answer) -> Answer:
        return call(desk.people, kind, request)

    operation.__doc__ = call.__doc__
    return operation


for _kind in (USER, GROUP, ROLE):
    for _name, _call in {**COMMON, "Create{}": created, "List{}s": listed}.items():
        setattr(Iam, _name.format(_kind), _operation(_kind, _call))
