"""The mistakes that a student's policy can have, each with its one sentence."""

from collections.abc import Callable
from typing import Any

from cachesim.engines.base import Entry, EvictionPolicy
from cachesim.errors import PolicyError, Slip
from cachesim.slips import POLICY, Thing, check_shapes, never_began, slip


def policy_of(make: Callable[[], EvictionPolicy]) -> EvictionPolicy:
    """Make the policy of one run. Raises PolicyError, which says what is wrong with the class."""
    name = getattr(make, "__name__", "the policy")
    try:
        policy = make()
    except TypeError as error:
        if never_began(error):
            raise slip("init", PolicyError, name=name) from error
        raise
    if not isinstance(policy, EvictionPolicy):
        raise slip("subclass", PolicyError, name=name, base="cs.EvictionPolicy")
    check_shapes(policy, POLICY)
    return policy


def bad_victim(policy: EvictionPolicy, given: Any) -> Slip:
    """Return the error for a policy that names a victim that the cache does not hold."""
    code = "entry victim" if isinstance(given, Entry) else "victim"
    return slip(code, PolicyError, name=_victim(policy), thing=Thing.of(given))


def victim_removed(policy: EvictionPolicy) -> Slip:
    """Return the error for a policy whose victim() forgets the key before on_remove is called."""
    return slip("victim removed", PolicyError, name=_victim(policy))


def bad_answer(policy: EvictionPolicy, given: Any) -> Slip:
    """Return the error for a before_add() that returns neither True nor False."""
    name = f"{type(policy).__name__}.before_add()"
    return slip("before_add", PolicyError, name=name, thing=Thing.of(given))


def _victim(policy: EvictionPolicy) -> str:
    return f"{type(policy).__name__}.victim()"
