"""What the tests of exercise 6 use; it never leaves the teacher."""

import cachesim as cs


class Reference(cs.Strategy):
    """The reference."""

    idle: float = 10.0

    def read(self, app, key):
        """Find, and renew."""
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
        if value is not None:
            yield app.cache.set(key, value, self.idle)
        return value

    def write(self, app, key, value):
        """Commit, and renew."""
        yield app.db.write(key, value)
        yield app.cache.set(key, value, self.idle)


def run(lab, reads=0.8):
    """Return the requests of a run with the student's strategy, or with the reference if there is no lab."""
    idle = float(params["idle"])
    strategy = Reference(idle=idle) if lab is None else lab.strategy("Sessions", idle=idle)
    workload = cs.OpenLoop(rate=60, reads=reads, popularity=cs.Zipf(keys=params["keys"]))
    scenario = cs.Scenario(
        strategy=strategy, workload=workload, duration=10, warmup=1, seed=params["keys"]
    )

    history = cs.run(scenario).history
    columns = [
        "op",
        "key",
        "begin",
        "end",
        "lookup",
        "write",
        "version",
        "acknowledged",
        "committed",
    ]
    return history[history["op"] != "sample"][columns].reset_index(drop=True)


def expired_early(history):
    """Say which session was gone although it had been used less than its idle time before, if one was."""
    used = {}
    for _, row in history.sort_values("begin").iterrows():
        key = row["key"]
        if row["op"] == "read" and key in used and row["lookup"] != "hit":
            idle = row["begin"] - used[key][1]
            if 0 < idle < params["idle"] - 0.1 and row["begin"] > used[key][1]:
                return f"{told(row)} did not find the session, {idle:.2f} s after it was used; it lives {params['idle']} s"
        used[key] = (row["begin"], max(row["end"], used.get(key, (0, 0))[1]))
    return None


def of(history, op):
    """Return the reads, or the writes."""
    return history[history["op"] == op]


def told(row):
    """Say which request a row is."""
    return f"the {row['op']} of {row['key']} at t={row['begin']:.3f} s"


COLUMNS = (("lookup", "found in the cache"), ("version", "version"), ("end", "answered at"))


def first_difference(mine, right):
    """Say which request goes another way than with the reference, and how."""
    if len(mine) != len(right):
        return f"{len(mine)} requests were answered, expected {len(right)}"
    for (_, a), (_, b) in zip(mine.iterrows(), right.iterrows(), strict=True):
        for column, what in COLUMNS:
            if str(a[column]) != str(b[column]):
                return f"{told(b)}: {what}: {a[column]}, expected {b[column]}"
    return "the two runs differ"
