# %% [markdown] id="question"
# # 16 · Snapshot and restore
#
# **How can a server write all its keys to a file, and go on serving meanwhile?** The file must have the keys as they were when the snapshot *began*, and nobody has the time to copy them all at
# that moment. Redis lets the kernel do it: after a fork a page of memory is copied when it changes, and only then. You do the same with keys.
#
# Write `run(commands)`, which executes a list of commands, one after the other:
#
# | command | what it does |
# |---|---|
# | `["SET", key, value]` | store a value |
# | `["DEL", key]` | remove a key; if it is not there, nothing happens |
# | `["BGSAVE"]` | begin a snapshot; nothing happens while one is being written |
# | `["STEP"]` | write one more key of the snapshot, in alphabetical order; with its last key it is complete (one without keys is complete at its first step). Nothing happens if none is being written |
# | `["CRASH"]` | the process ends and starts again, with the keys of the last complete snapshot; one that is being written is lost |
#
# It returns `{"keys": ..., "copied": ...}`: a dict of the keys and values at the end, and how many values were copied. **A value is copied when it is changed or removed before the snapshot has
# written it, the first time only.** Copy nothing else: not a key that is new, not one that the snapshot has written already.
#
# Ours took 22 lines.


# %% id="run"
def run(commands):
    """Execute commands; return the keys at the end, and how many values were copied."""
    # BEGIN SOLUTION
    keys, file, part, kept, copied = {}, {}, {}, {}, 0
    waiting = None  # the keys that the snapshot has not written yet; None: none is being written
    for name, *rest in commands:
        if name in ("SET", "DEL"):
            key = rest[0]
            if waiting and key in waiting and key not in kept:
                kept[key] = keys[key]
                copied += 1
            keys.pop(key, None)
            if name == "SET":
                keys[key] = rest[1]
        elif name == "BGSAVE" and waiting is None:
            waiting, part, kept = sorted(keys), {}, {}
        elif name == "STEP" and waiting is not None:
            for key in waiting[:1]:
                part[key] = kept[key] if key in kept else keys[key]
            waiting = waiting[1:]
            if not waiting:
                file, waiting = part, None
        elif name == "CRASH":
            keys, waiting = dict(file), None
    return {"keys": keys, "copied": copied}
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"keys": random(3, 6), "value": random(100, 999)}


# %% id="helpers" tags=["helpers"]
def told(lab, commands):
    """Return the keys that run() gives for these commands, and the number of copies."""
    result = lab.call("run", commands)
    is_right = isinstance(result, dict) and {"keys", "copied"} <= result.keys()
    assert is_right, f"run() returned {result!r:.60}; right: a dict with 'keys' and 'copied'"
    assert isinstance(result["keys"], dict), f"'keys' is {result['keys']!r:.40}; right: a dict"
    return result["keys"], result["copied"]


def filled(lab):
    """Return commands that store this student's keys, k0 and up."""
    return [["SET", f"k{n}", lab.params["value"] + n] for n in range(lab.params["keys"])]


def expect(lab, commands, right):
    """Compare the keys at the end with the right ones."""
    keys, _ = told(lab, commands)
    assert keys == right, f"after {commands} there is {keys}; right: {right}"


# %% id="visible" tags=["visible"]
def test_the_last_snapshot_is_back(lab):
    saved = filled(lab)
    steps = [["STEP"]] * len(saved)
    right = {key: value for _, key, value in saved}
    expect(lab, [*saved, ["BGSAVE"], *steps, ["SET", "later", 1], ["CRASH"]], right)


def test_without_a_snapshot_nothing_is_back(lab):
    expect(lab, [*filled(lab), ["CRASH"]], {})
    expect(lab, [*filled(lab), ["CRASH"], ["SET", "a", 1]], {"a": 1})


# %% id="hidden" tags=["hidden"]
def test_as_it_was_at_the_beginning(lab):
    for commands in stories(lab.seed, crashes=False):
        keys, _ = told(lab, [*commands, *FINISH, ["CRASH"]])
        right = reference([*commands, *FINISH, ["CRASH"]])[0]
        assert keys == right, f"{shown(commands, right)}: {keys}; right: {right}"


def test_half_a_snapshot_is_none(lab):
    for commands in stories(lab.seed, crashes=True):
        keys, _ = told(lab, commands)
        right = reference(commands)[0]
        assert keys == right, f"{shown(commands, right)}: {keys}; right: {right}"


def test_only_one_at_a_time(lab):
    twice = [["SET", "a", 1], ["SET", "b", 1], ["BGSAVE"], ["STEP"], ["SET", "b", 2], ["BGSAVE"]]
    for commands in ([*twice, ["STEP"], ["CRASH"]], [*twice, ["STEP"], ["STEP"], ["CRASH"]]):
        keys, _ = told(lab, commands)
        assert keys == {"a": 1, "b": 1}, f"after {commands} there is {keys}; right: both are 1"


def test_only_what_must_be_copied(lab):
    for commands in stories(lab.seed, crashes=True):
        _, copied = told(lab, commands)
        right = reference(commands)[1]
        assert copied == right, f"{shown(commands, right)}: {copied} copies; right: {right}"
