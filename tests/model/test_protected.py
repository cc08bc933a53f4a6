"""A cache that asks who the application is: each refusal is an error of its own."""

import pytest

import cachesim as cs
from cachesim.engines.redis.protected import ProtectedRedis
from cachesim.errors import AuthenticationFailed, BadInput, CommandError, Forbidden, TlsMismatch
from cachesim.experiments.toml import Experiment, from_toml, to_toml
from cachesim.model.node import Node

RULES = "app on >secret ~key:* +get +set"


TOLD = []


class Careful(cs.LazyLoading):
    """Goes to the database, and says why, if the cache refuses it."""

    def read(self, app, key):
        try:
            value = yield app.cache.get(key)
        except (CommandError, AuthenticationFailed, TlsMismatch) as why:
            TOLD.append((type(why), str(why)))
            value = None
        if value is None:
            value = yield app.db.read(key)
        return value


def run(**fields):
    """Run a short scenario; return its records, and what the strategy was told."""
    TOLD.clear()
    scenario = cs.Scenario(
        strategy=Careful(),
        cache=ProtectedRedis(**fields),
        on_cache_error="raise",
        duration=1.0,
        warmup=0.0,
    )
    return reads(cs.run(scenario)), set(TOLD)


def reads(result):
    history = result.history
    return history[history["op"] == "read"]


@pytest.mark.parametrize(
    ("fields", "kind", "sentence"),
    [
        ({"password": "x"}, CommandError, "NOAUTH Authentication required."),
        (
            {"password": "x", "token": "y"},
            AuthenticationFailed,
            'the cache does not accept this password of "default"',
        ),
        (
            {"users": (RULES,), "user": "nobody", "token": "secret"},
            AuthenticationFailed,
            'the cache does not accept this password of "nobody"',
        ),
        (
            {"tls": True},
            TlsMismatch,
            "the cache speaks TLS and the application does not; connect with TLS",
        ),
        (
            {"with_tls": True},
            TlsMismatch,
            "the application speaks TLS and the cache does not; switch TLS on, or connect without it",
        ),
        (
            {"users": ("app on >secret ~* -@all",), "user": "app", "token": "secret"},
            Forbidden,
            "NOPERM this user has no permissions to run the 'get' command",
        ),
        (
            {"users": ("app on >secret ~other +get",), "user": "app", "token": "secret"},
            Forbidden,
            "NOPERM this user has no permissions to access one of the keys used as arguments",
        ),
    ],
)
def test_each_refusal_has_its_own_error(fields, kind, sentence):
    """A strategy catches it, and every read gets its value from the database."""
    records, told = run(**fields)

    assert {(kind, sentence)} == told
    assert records["error"].isna().all()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"password": "x", "token": "x"},
        {"tls": True, "with_tls": True},
        {"users": ("app on nopass ~* +get",), "user": "app"},
    ],
)
def test_who_may_is_let_in(fields):
    """With the right token, with TLS on both sides, and with a user who may, nothing is refused."""
    assert set() == run(**fields)[1]


def test_by_default_a_refusal_is_a_miss():
    """The default on_cache_error hides every refusal, so each read goes to the database."""
    scenario = cs.Scenario(duration=1.0, warmup=0.0)
    locked = cs.run(scenario.replace(cache=ProtectedRedis(password="x", token="y")))
    forbidden = cs.run(
        scenario.replace(cache=ProtectedRedis(users=("app on nopass -@all",), user="app"))
    )

    assert reads(locked)["error"].isna().all()
    assert reads(forbidden)["error"].isna().all()


def test_wrong_rules_are_one_sentence():
    with pytest.raises(
        BadInput, match=r'ProtectedRedis.users has "app \+foo": Error in ACL SETUSER'
    ):
        ProtectedRedis(users=("app +foo",))


def test_it_is_written_to_a_file_and_read_again():
    cache = ProtectedRedis(users=(RULES,), user="app", token="secret", tls=True, with_tls=True)
    experiment = Experiment(cs.Scenario(cache=cache), {}, 1, None)

    assert experiment.scenario == from_toml(to_toml(experiment)).scenario


def test_tls_makes_each_command_half_as_dear_again():
    """The factor is that of the estimate; the shape of the service times stays."""
    plain, encrypted = Node().service, Node().with_tls().service

    assert type(plain) is type(encrypted)
    assert pytest.approx(1.5 * plain.mean) == encrypted.mean


@pytest.mark.parametrize("fleet", [None, cs.Replicated(replicas=1), cs.Shards(2, replicas=0)])
def test_a_fleet_is_protected_too(fleet):
    """The rules hold on every node, and its refusals are counted by minute, node and reason."""
    rules = "app on >secret ~key:* +get"
    cache = ProtectedRedis(users=(rules,), user="app", token="secret")
    result = cs.run(cs.Scenario(cache=cache, fleet=fleet, duration=3.0, warmup=0.0))
    refused = result.refused

    assert {"command"} == set(refused["reason"])
    assert result.history["cache_errors"].max() == refused["commands"].sum() > 0
    assert "hit" not in set(result.history["lookup"].dropna())


def test_a_connection_ends():
    """After its time the server takes the old token no more."""
    cache = ProtectedRedis(password="x", token="x", until=1.0)
    result = cs.run(cs.Scenario(cache=cache, duration=2.0, warmup=0.0))
    looked = reads(result).dropna(subset=["lookup"])

    assert 0.9 < looked["end"].max() < 1.1
    assert {"auth"} == set(result.refused["reason"])
