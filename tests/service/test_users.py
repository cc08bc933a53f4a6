"""Users, user groups, tokens, TLS and keys at the desk: states, refusals, what an answer shows."""

import pytest

from cachesim.service.elasticache.auth import apply_auth, associate, rules_of
from cachesim.service.faults import ServiceFault
from tests.service.conftest import GROUP

SECRET, NEXT = "a-secret-of-16-or-more", "another-secret-of-many"
ADA = {
    "UserId": "Ada-1", "UserName": "ada", "Engine": "redis", "Passwords": [SECRET],
    "AccessString": "on ~app::* -@all +@read",
}  # fmt: skip
TLS = {**GROUP, "TransitEncryptionEnabled": True}


def group(desk, name="shop"):
    """Return the one group of that name."""
    return desk.DescribeReplicationGroups({"ReplicationGroupId": name})["ReplicationGroups"][0]


def members(cloud, desk, **more):
    """Make a user, and a user group of it and the default user."""
    desk.CreateUser({**ADA, **more})
    desk.CreateUserGroup(
        {"UserGroupId": "team", "Engine": "redis", "UserIds": ["ada-1", "default"]}
    )
    cloud.advance(minutes=2)


def test_a_user_is_changed_within_seconds(cloud, desk):
    """It is shown without its passwords, and its new rules come later."""
    made = desk.CreateUser(ADA)
    assert ("ada-1", "active", "6.0") == (
        made["UserId"], made["Status"], made["MinimumEngineVersion"],
    )  # fmt: skip
    assert {"Type": "password", "PasswordCount": 1} == made["Authentication"]

    asked = {"UserId": "ada-1", "AppendAccessString": "+set", "Passwords": [SECRET, NEXT]}
    changed = desk.ModifyUser(asked)
    assert ("modifying", ADA["AccessString"]) == (changed["Status"], changed["AccessString"])
    with pytest.raises(ServiceFault) as refused:
        desk.ModifyUser(asked)
    assert "InvalidUserStateFault" == refused.value.shape
    cloud.advance(minutes=2)
    seen = desk.DescribeUsers({"UserId": "ada-1"})["Users"][0]
    assert ("active", f"{ADA['AccessString']} +set") == (seen["Status"], seen["AccessString"])
    assert 2 == seen["Authentication"]["PasswordCount"]


BAD = {  # what is wrong -> the shape of the fault, a part of its text
    "Passwords": (["short"], "InvalidParameterValueException", "16 to 128"),
    "Passwords ": ([SECRET, NEXT, "third-secret-of-many"], "InvalidParameterValueException", "at most 2"),
    "NoPasswordRequired": (True, "InvalidParameterCombinationException", "one of Passwords"),
    "AuthenticationMode": ({"Type": "iam"}, "InvalidParameterCombinationException", "one of"),
    "AccessString": ("on >secret +@all", "InvalidParameterValueException", "Passwords cannot"),
    "AccessString ": ("on reset +@all", "InvalidParameterValueException", "reset is not allowed"),
    "AccessString  ": ("on +@reed", "InvalidParameterValueException", "Unknown command"),
    "Engine": ("memcached", "InvalidParameterValueException", "users are for redis"),
    "UserName": ("a da", "InvalidParameterValueException", "no spaces"),
    "UserId": ("default", "UserAlreadyExistsFault", "already exists"),
    "Tags": ([], "NotImplemented", "Tags is not simulated"),
}  # fmt: skip


@pytest.mark.parametrize("member", BAD)
def test_a_wrong_user_is_refused(desk, member):
    """With one sentence, and nothing is made."""
    value, shape, text = BAD[member]
    with pytest.raises(ServiceFault, match=text) as refused:
        desk.CreateUser({**ADA, member.strip(): value})
    assert shape == refused.value.shape
    assert 1 == len(desk.users)


def test_a_user_of_iam_has_one_name(desk):
    """Its id is its name, and it needs Redis 7."""
    by_iam = {key: value for key, value in ADA.items() if key != "Passwords"}
    by_iam |= {"AuthenticationMode": {"Type": "iam"}}
    with pytest.raises(ServiceFault, match="must be the same"):
        desk.CreateUser(by_iam)
    made = desk.CreateUser({**by_iam, "UserId": "ada"})
    assert ("7.0", "iam") == (made["MinimumEngineVersion"], made["Authentication"]["Type"])


def test_a_user_group(cloud, desk):
    """One user is called default; names are there once; changes take some seconds."""
    desk.CreateUser(ADA)
    desk.CreateUser({**ADA, "UserId": "twin"})
    for ids, shape in (
        (["ada-1"], "DefaultUserRequired"),
        (["default", "ada-1", "twin"], "DuplicateUserNameFault"),
        (["default", "nobody"], "UserNotFoundFault"),
    ):
        with pytest.raises(ServiceFault) as refused:
            desk.CreateUserGroup({"UserGroupId": "team", "Engine": "redis", "UserIds": ids})
        assert shape == refused.value.shape
    made = desk.CreateUserGroup({"UserGroupId": "team", "Engine": "redis", "UserIds": ["default"]})
    assert "creating" == made["Status"]
    cloud.advance(minutes=2)

    changed = desk.ModifyUserGroup({"UserGroupId": "team", "UserIdsToAdd": ["ada-1"]})
    assert ("modifying", ["default"]) == (changed["Status"], changed["UserIds"])
    assert ["ada-1"] == changed["PendingChanges"]["UserIdsToAdd"]
    cloud.advance(minutes=2)
    seen = desk.DescribeUserGroups({})["UserGroups"][0]
    assert ("active", ["default", "ada-1"], {}) == (
        seen["Status"], seen["UserIds"], seen["PendingChanges"],
    )  # fmt: skip
    assert ["team"] == desk.DescribeUsers({"UserId": "ada-1"})["Users"][0]["UserGroupIds"]
    desk.DeleteUser({"UserId": "ada-1"})
    cloud.advance(minutes=2)
    assert ["default"] == desk.DescribeUserGroups({})["UserGroups"][0]["UserIds"]


def test_a_user_who_is_deleted_joins_no_group(cloud, desk):
    """Not even if the group began to take it in a moment before; six are tried, as times are drawn."""
    desk.CreateUserGroup({"UserGroupId": "team", "Engine": "redis", "UserIds": ["default"]})
    for _ in range(6):
        desk.CreateUser(ADA)
        cloud.advance(minutes=2)
        desk.ModifyUserGroup({"UserGroupId": "team", "UserIdsToAdd": ["ada-1"]})
        desk.DeleteUser({"UserId": "ada-1"})
        cloud.advance(minutes=2)
        assert ["default"] == desk.DescribeUserGroups({})["UserGroups"][0]["UserIds"]


def test_a_login_of_no_known_type_is_refused(desk):
    """There are three types."""
    plain = {key: value for key, value in ADA.items() if key != "Passwords"}
    with pytest.raises(ServiceFault, match="no-password-required, iam, got pin"):
        desk.CreateUser({**plain, "AuthenticationMode": {"Type": "pin"}})


def test_who_is_default_may_be_swapped(cloud, desk):
    """By another user of that name; the account's own one cannot be deleted."""
    members(cloud, desk)
    safe = {**ADA, "UserId": "safe", "UserName": "default", "AccessString": "off -@all"}
    desk.CreateUser(safe)
    swap = {"UserIdsToAdd": ["safe"], "UserIdsToRemove": ["default"]}
    desk.ModifyUserGroup({"UserGroupId": "team", **swap})
    cloud.advance(minutes=2)

    for user, shape in (
        ("safe", "DefaultUserAssociatedToUserGroupFault"),
        ("default", "InvalidParameterValueException"),
    ):
        with pytest.raises(ServiceFault) as refused:
            desk.DeleteUser({"UserId": user})
        assert shape == refused.value.shape


def test_a_group_with_users(cloud, desk):
    """The user group stays while a cache has it."""
    members(cloud, desk)
    made = desk.CreateReplicationGroup({**TLS, "UserGroupIds": ["Team"]})["ReplicationGroup"]
    cloud.advance(minutes=20)
    assert (["team"], True, False) == (
        made["UserGroupIds"], made["TransitEncryptionEnabled"], made["AuthTokenEnabled"],
    )  # fmt: skip
    assert ["shop"] == desk.DescribeUserGroups({})["UserGroups"][0]["ReplicationGroups"]
    with pytest.raises(ServiceFault) as refused:
        desk.DeleteUserGroup({"UserGroupId": "team"})
    assert "InvalidUserGroupStateFault" == refused.value.shape

    associate(desk, desk.groups.find("shop"), [])
    desk.DeleteUserGroup({"UserGroupId": "team"})
    cloud.advance(minutes=2)
    assert [] == desk.DescribeUserGroups({})["UserGroups"]


WRONG = {
    "AuthToken": ("short", "16 to 128"),
    "AuthToken ": ("with-a-sign-like-@-or-/", "signs of"),
    "AuthToken  ": (f"{SECRET}\n", "signs of"),
    "UserGroupIds": (["nobody"], "not found"),
    "KmsKeyId": ("nothing", "not valid"),
}


@pytest.mark.parametrize("member", WRONG)
def test_wrong_access_is_refused(desk, member):
    """One sentence each, and no group is made."""
    value, text = WRONG[member]
    with pytest.raises(ServiceFault, match=text):
        desk.CreateReplicationGroup({**TLS, member.strip(): value})
    assert 0 == len(desk.groups)


def test_what_does_not_go_together(cloud, desk):
    """A token without TLS, a token and users, a key without encryption at rest."""
    members(cloud, desk)
    key = cloud.desk("kms").CreateKey({})["KeyMetadata"]["Arn"]
    for more in (
        {"AuthToken": SECRET, "TransitEncryptionEnabled": False},
        {"AuthToken": SECRET, "UserGroupIds": ["team"]},
        {"KmsKeyId": key},
    ):
        with pytest.raises(ServiceFault) as refused:
            desk.CreateReplicationGroup({**TLS, **more})
        assert "InvalidParameterCombinationException" == refused.value.shape
    made = desk.CreateReplicationGroup({**TLS, "KmsKeyId": key, "AtRestEncryptionEnabled": True})
    assert key == made["ReplicationGroup"]["KmsKeyId"]


def test_a_token_is_rotated(cloud, desk):
    """ROTATE lets two tokens in, SET one; no answer shows any."""
    made = desk.CreateReplicationGroup({**TLS, "AuthToken": SECRET})
    assert SECRET not in str(made)
    assert made["ReplicationGroup"]["AuthTokenEnabled"]
    cloud.advance(minutes=20)
    shop = desk.groups.find("shop")
    ends = group(desk)["NodeGroups"][0]
    assert ends["PrimaryEndpoint"]["Address"].startswith("master.shop.")

    def let_in(token):
        return cloud.login(group="shop", password=token)

    assert ["OK", "WRONG"] == [let_in(token)[:5] for token in (SECRET, NEXT)]
    apply_auth(desk, shop, NEXT, "ROTATE")
    assert ["OK", "OK"] == [let_in(token) for token in (SECRET, NEXT)]
    apply_auth(desk, shop, NEXT, "SET")
    assert ["WRONG", "OK"] == [let_in(token)[:5] for token in (SECRET, NEXT)]
    for token, strategy in ((NEXT, None), (None, "SET"), (None, "ROTATE"), (NEXT, "DELETE")):
        with pytest.raises(ServiceFault, match="go together"):
            apply_auth(desk, shop, token, strategy)
    apply_auth(desk, shop, None, "DELETE")
    assert "OK" == let_in("")


def test_a_token_for_a_group_without_one(cloud, desk):
    """ROTATE lets in who has none yet, SET does not; a group without TLS gets none."""
    desk.CreateReplicationGroup(TLS)
    desk.CreateReplicationGroup({**GROUP, "ReplicationGroupId": "plain"})
    cloud.advance(minutes=20)
    shop = desk.groups.find("shop")
    apply_auth(desk, shop, SECRET, "ROTATE")
    assert ["OK", "OK"] == [cloud.login(group="shop", password=each) for each in ("", SECRET)]
    apply_auth(desk, shop, SECRET, "SET")
    assert "NOAUTH Authentication required." == cloud.login(group="shop")
    with pytest.raises(ServiceFault, match="only on replication groups with"):
        apply_auth(desk, desk.groups.find("plain"), SECRET, "SET")


def test_users_take_the_place_of_a_token(cloud, desk):
    """The token is of no use any more."""
    members(cloud, desk)
    desk.CreateReplicationGroup({**TLS, "AuthToken": SECRET})
    cloud.advance(minutes=20)
    shop = desk.groups.find("shop")
    associate(desk, shop, ["team"])

    assert 2 == len(rules_of(desk, shop, "ada", SECRET))
    assert not group(desk)["AuthTokenEnabled"]
    assert "OK" == cloud.login(group="shop", user="ada", password=SECRET)
    assert "WRONGPASS" in cloud.login(group="shop", user="ada", password=NEXT)
    assert "WRONGPASS" in cloud.login(group="shop", user="nobody", password=SECRET)
    assert "speaks TLS" in cloud.login(group="shop", user="ada", password=SECRET, tls=False)


def test_an_old_redis_has_no_users_of_iam(cloud, desk):
    """Version 6 takes users with passwords; IAM needs 7."""
    members(cloud, desk)
    by_iam = {key: value for key, value in ADA.items() if key != "Passwords"}
    desk.CreateUser({**by_iam, "UserId": "ada", "AuthenticationMode": {"Type": "iam"}})
    desk.CreateReplicationGroup(TLS)
    shop = desk.groups.find("shop")
    shop.settings["EngineVersion"] = "6.2"
    associate(desk, shop, ["team"])
    asked = {"UserGroupId": "iam", "Engine": "redis", "UserIds": ["ada", "default"]}
    desk.CreateUserGroup(asked)
    cloud.advance(minutes=2)
    with pytest.raises(ServiceFault, match=r"needs engine version 7\.0"):
        associate(desk, shop, ["iam"])
