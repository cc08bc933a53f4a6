"""What the tests of exercise 6 use; it never leaves the teacher."""

import cachesim as cs
from cachesim.grading.histories import first_difference, of, requests_of, told  # noqa: F401


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
    workload = cs.OpenLoop(rate=60, reads=reads, popularity=cs.popularity.Zipf(keys=params["keys"]))
    scenario = cs.Scenario(
        strategy=strategy, workload=workload, duration=10, warmup=1, seed=params["keys"]
    )
    return requests_of(scenario)


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
