"""How a user's rules are written: the shortest list of rules that makes the same user.

The categories are chosen as redis 7 chooses them (acl.c, ACLDescribeSelectorCommandRules). The
server lists single commands in the order of its hash table, which differs from start to start; here
they come in alphabetical order.
"""

from cachesim.engines.redis.acl import User
from cachesim.engines.redis.command_facts import CATEGORIES


def flags_of(user: User) -> list[str]:
    """Return the words about the user as a whole."""
    words = ["on" if user.is_on else "off"]
    return [*words, *(["nopass"] if user.is_open else []), *filter(None, [user.sanitize])]


def keys_of(user: User) -> list[str]:
    """Return the rules about keys."""
    marks = {"RW": "~", "R": "%R~", "W": "%W~"}
    rules = [f"{marks[''.join(sorted(may))]}{pattern}" for pattern, may in user.keys.items()]
    return ["~*"] if user.all_keys else rules


def channels_of(user: User) -> list[str]:
    """Return the rules about channels."""
    return ["&*"] if user.all_channels else [f"&{pattern}" for pattern in user.channels]


def commands_of(user: User) -> str:
    """Return the rules about commands.

    >>> from cachesim.engines.redis.command_facts import known_commands
    >>> ada = User("ada", known_commands([]))
    >>> ada.apply("+@read"), ada.apply("-get"), commands_of(ada)
    (None, None, '-@all +@read -get')
    """
    adds = not user.future
    same = User("", user.known)  # made by the rules that are found
    same.apply("-@all" if adds else "+@all")
    rules = ["-@all" if adds else "+@all", *(f"{'-+'[adds]}@{each}" for each in _best(user, adds))]
    for rule in rules[1:]:
        same.apply(rule)
    for name in user.known:
        if (name in user.commands) != (name in same.commands):
            rules.append(f"{'-+'[name in user.commands]}{name}")
            same.allow(name, name in user.commands)
        if name not in user.commands:
            rules += [f"+{name}|{first}" for first in user.firsts.get(name, ())]
    return " ".join(rules)


def _best(user: User, adds: bool) -> list[str]:
    """Choose categories, the best one first, until none is more right than wrong."""
    rest = User("", user.known)
    rest.commands = set(user.commands)
    chosen: list[str] = []
    while True:
        best = None
        for category in CATEGORIES:
            members = {name for name, groups in user.known.items() if category in groups}
            on = len(members & rest.commands)
            off = len(members) - on
            wrong, right = (off, on) if adds else (on, off)
            is_better = best is None or (wrong, -right) < best[:2]
            if category not in chosen and right > wrong and is_better:
                best = (wrong, -right, category)
        if best is None:
            return chosen
        chosen.append(best[2])
        rest.apply(f"{'+-'[adds]}@{best[2]}")


def described(user: User) -> str:
    """Return all rules of a user on one line, as ACL LIST and the file have them.

    >>> from cachesim.engines.redis.command_facts import known_commands
    >>> described(User("ada", known_commands([])))
    'off resetchannels -@all'
    """
    channels = ([] if user.all_channels else ["resetchannels"]) + channels_of(user)
    passwords = [f"#{each}" for each in user.passwords]
    return " ".join([*flags_of(user), *passwords, *keys_of(user), *channels, commands_of(user)])
