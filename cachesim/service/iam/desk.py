"""The desks of IAM and STS: groups, access keys, managed policies, and the temporary keys of roles."""

import string
from datetime import timedelta
from itertools import product

from cachesim.service.account import NUMBER
from cachesim.service.desks import Answer, ServiceDesk
from cachesim.service.faults import needed, refuse_if
from cachesim.service.iam import people
from cachesim.service.iam.conditions import arn_like
from cachesim.service.iam.gate import context_of
from cachesim.service.iam.people import AccessKey, ApiCaller, Identity, People, arn_of, quoted
from cachesim.service.iam.policies import OF_ROLE, judge, read
from cachesim.service.tables import in_shape

SECRET = string.ascii_letters + string.digits
MOST_KEYS = 2  # of a user
VERSION = "v1"  # the only one that a managed policy has here
SHORTEST = 900  # seconds of a session
ROOT = ApiCaller(arn_of("root"), NUMBER)


class Iam(People):
    """Identities, their keys and their policies.

    >>> from cachesim.service.account import Account
    >>> Iam(Account(seed=1)).caller("any").arn
    'arn:aws:iam::123456789012:root'
    """

    service = "iam"

    def AddUserToGroup(self, request: Answer) -> None:
        """Give a user the policies of a group, too."""
        self.RemoveUserFromGroup(request)
        self.find("User", request).groups.append(request["GroupName"].lower())

    def RemoveUserFromGroup(self, request: Answer) -> None:
        """Take a user out of a group."""
        user, group = self.find("User", request), self.find("Group", request)
        user.groups = [each for each in user.groups if each != group.name.lower()]

    # Access keys

    def new_key(self, owner: Identity, session: str = "", lasts: float = 0.0) -> AccessKey:
        """Make an access key; with a session, one that ends after `lasts` seconds."""
        now, caller = self.date, ApiCaller(owner.arn, owner.id, owner)
        name = ("ASIA" if session else "AKIA") + self.signs(people.LETTERS, 16)
        key = AccessKey(name, self.signs(SECRET, 40), caller, now)
        if session:
            arn = arn_of(f"assumed-role/{owner.name}/{session}", "sts")
            key.caller = ApiCaller(arn, f"{owner.id}:{session}", owner)
            key.ends, key.token = now + timedelta(seconds=lasts), self.signs(SECRET, 64)
        self.keys[name] = key
        return key

    def caller(self, key_id: str) -> ApiCaller:
        """Return who calls with a key; a key that this account never gave out is the administrator's."""
        key = self.keys.get(key_id)
        if key is None:
            return ROOT
        refuse_if(key.status != people.ON, "key is off")
        refuse_if(key.ends and key.ends <= self.date, "key has ended")
        return key.caller

    def CreateAccessKey(self, request: Answer) -> Answer:
        """Make an access key for a user; its secret is shown only now."""
        user = self.find("User", request)
        refuse_if(len(self.keys_of(user)) >= MOST_KEYS, "most keys", MOST_KEYS)
        key = self.new_key(user)
        return {"AccessKey": {**in_shape("access key", key), "SecretAccessKey": key.secret}}

    def ListAccessKeys(self, request: Answer) -> Answer:
        """List the keys of a user."""
        keys = self.keys_of(self.find("User", request))
        return {"AccessKeyMetadata": [in_shape("access key", each) for each in keys]}

    def UpdateAccessKey(self, request: Answer) -> None:
        """Switch a key on or off."""
        key, name = self.keys.get(request["AccessKeyId"]), request["AccessKeyId"]
        refuse_if(not key or key.status == people.GONE or key.token, "no such key", name)
        self.keys[name].status = request["Status"]

    def DeleteAccessKey(self, request: Answer) -> None:
        """Let a key be of no use."""
        self.UpdateAccessKey({**request, "Status": people.GONE})

    # Managed policies

    def CreatePolicy(self, request: Answer) -> Answer:
        """Make a policy that several identities can have."""
        arn = arn_of(f"policy{request.get('Path', '/')}{request['PolicyName']}")
        read(request["PolicyDocument"])
        refuse_if(arn in self.policies, "policy exists", arn)
        self.policies[arn] = request["PolicyDocument"]
        return self.GetPolicy({"PolicyArn": arn})

    def GetPolicy(self, request: Answer) -> Answer:
        """Show a policy without its document."""
        arn = request["PolicyArn"]
        self.document(arn)
        found = {"PolicyName": arn.rpartition("/")[2], "Arn": arn, "DefaultVersionId": VERSION}
        holders = sum(arn in each.policies for each in self.identities.values())
        return {"Policy": {**found, "AttachmentCount": holders, "IsAttachable": True}}

    def GetPolicyVersion(self, request: Answer) -> Answer:
        """Show the document of a policy."""
        document, version = self.document(request["PolicyArn"]), request["VersionId"]
        refuse_if(version != VERSION, "no such version", request["PolicyArn"], version)
        found = {"Document": quoted(document), "VersionId": VERSION, "IsDefaultVersion": True}
        return {"PolicyVersion": found}

    def ListPolicies(self, request: Answer) -> Answer:
        """List the policies of the account ("Local"), of AWS, or all."""
        wanted = {"AWS": (True,), "Local": (False,)}.get(request.get("Scope", ""), (True, False))
        chosen = [arn for arn in self.policies if arn.startswith(people.AWS) in wanted]
        found = [self.GetPolicy({"PolicyArn": arn})["Policy"] for arn in chosen]
        return {"Policies": found, "IsTruncated": False}

    def DeletePolicy(self, request: Answer) -> None:
        """Remove a policy that nobody has."""
        arn, found = request["PolicyArn"], self.GetPolicy(request)["Policy"]
        refuse_if(found["AttachmentCount"] or arn.startswith(people.AWS), "policy in use")
        del self.policies[arn]

    def SimulatePrincipalPolicy(self, request: Answer) -> Answer:
        """Say what the policies of an identity would decide, without doing anything."""
        arn = request["PolicySourceArn"]
        policies = self.policies_of(needed(self.of_arn(arn), "no identity of ARN", arn))
        given = request.get("ContextEntries", [])
        context = {each["ContextKeyName"].lower(): each["ContextKeyValues"] for each in given}
        results = []
        for action, resource in product(request["ActionNames"], request.get("ResourceArns", ["*"])):
            decision, by = judge(policies, action, resource, context)
            asked = {"EvalActionName": action, "EvalResourceName": resource}
            matched = [{"SourcePolicyId": name} for name in by]
            results.append({**asked, "EvalDecision": decision, "MatchedStatements": matched})
        return {"EvaluationResults": results, "IsTruncated": False}


class Sts(ServiceDesk):
    """Sessions of roles. The gate has checked that the caller's own policies allow sts:AssumeRole."""

    service = "sts"

    def GetCallerIdentity(self, request: Answer) -> Answer:
        """Say who calls."""
        caller = self.account.caller or ROOT
        return {"UserId": caller.id, "Account": NUMBER, "Arn": caller.arn}

    def AssumeRole(self, request: Answer) -> Answer:
        """Give the caller temporary keys of a role that trusts it."""
        iam, caller, arn = self.account.desk("iam"), self.account.caller or ROOT, request["RoleArn"]
        role = iam.of_arn(arn)
        is_trusted = role and role.trust and self._trusts(role, caller)
        refuse_if(not is_trusted, "not trusted", caller.arn, arn)
        lasts = request.get("DurationSeconds", min(3600, role.lasts))
        is_long = SHORTEST <= lasts <= role.lasts
        refuse_if(not is_long, "session length", SHORTEST, role.lasts, lasts)
        key = iam.new_key(role, request["RoleSessionName"], lasts)
        return {
            "Credentials": in_shape("session", key),
            "AssumedRoleUser": {"AssumedRoleId": key.caller.id, "Arn": key.caller.arn},
        }

    def _trusts(self, role: Identity, caller: ApiCaller) -> bool:
        """Whether the trust policy names the caller, or the whole account, and nothing in it denies."""
        context = context_of(self.account, caller, {}, role.arn)
        named = (people.arn_of("root"), NUMBER, "*")
        met = [
            each.effect
            for each in read(role.trust, OF_ROLE)
            for who in each.texts["Principal"]
            if who in named or arn_like(caller.arn, who)
            if each.meets("sts:AssumeRole", role.arn, context)
        ]
        return "Allow" in met and "Deny" not in met
