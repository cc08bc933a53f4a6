# %% [markdown] id="question"
# # 18 · A rate limiter without a race
#
# A site lets each user through a few times in a window of some seconds, and refuses the rest. The counter is in Redis, for all web servers. **What can go wrong between two
# trips?** Another server may ask in between. Or the web server crashes: a counter that got no TTL by then locks its user out for ever.
#
# Write `allow(user, limit, window, replies)` for one request. The tests call it again and again:
#
# - `replies` holds what Redis answered so far: a list of trips, each a list with the reply to each command. At first it is `[]`. A nil is `None`, a text is a `str`.
# - Return the next trip: a list of commands, such as `[["GET", "a"]]`. Two or more commands in a trip are sent as one transaction (MULTI ... EXEC): they run together, with
#   nothing in between. But a reply is known only after the trip.
# - Or return the verdict: `True` lets the request through, `False` refuses it.
#
# The tests let other requests run between two trips, let time pass there, and cut requests off after a trip. Whatever happens:
#
# - at most `limit` requests of a user get through in `window` seconds, and users do not disturb each other;
# - each key has a TTL after every trip;
# - who asks seldom gets through each time, and a refused request does not make the wait longer.
#
# A script of Lua (`EVAL`) works only where the package `lupa` is installed. You can do without. Ours took 4 lines.


# %% id="allow"
def allow(user, limit, window, replies):
    """Return the next trip, a list of commands; or the verdict, True or False. `window` is in seconds."""
    # BEGIN SOLUTION
    key = f"rate:{user}"
    if not replies:
        return [["SET", key, 0, "EX", window, "NX"], ["INCR", key]]
    return replies[0][1] <= limit
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"limit": random(3, 6), "window": random(20, 60)}


# %% id="helpers" tags=["helpers"]
import cachesim as cs
from cachesim.grading.trips import Visitor

MOST_TRIPS = Visitor.most  # of one request


class Site:
    """A Redis, its clock, and requests that arrive one trip at a time."""

    def __init__(self, lab):
        self.lab, self.clock = lab, cs.ManualClock()
        self.redis = cs.Redis().build(self.clock, lambda: 0.5)

    def request(self, user="ada"):
        """Return a request that has not begun."""
        return Request(self, user)

    def passed(self, count, user="ada"):
        """Return how many of so many requests got through, one after the other."""
        return sum(self.request(user).end() for _ in range(count))

    def check_ttls(self, when):
        """Check that each key has a TTL. Raises AssertionError."""
        for key in self.redis.execute(("KEYS", "*")):
            left = self.redis.execute(("PTTL", key))
            assert left != -1, f"{when} the key {key.decode()!r:.60} has no TTL"


class Request(Visitor):
    """One request at your function."""

    name = "allow"

    def __init__(self, site, user):
        super().__init__(site.redis)
        self.lab, self.user = site.lab, user

    def asked(self):
        """Call your function."""
        limits = self.lab.params
        return self.lab.call("allow", self.user, limits["limit"], limits["window"], self.replies)


# %% id="visible" tags=["visible"]
def test_the_first_ones_pass(lab):
    limit = lab.params["limit"]
    passed = Site(lab).passed(limit)
    assert passed == limit, f"of the first {limit} requests {passed} got through; right: {limit}"


def test_the_limit_holds(lab):
    limit = lab.params["limit"]
    passed = Site(lab).passed(2 * limit)
    assert 1 <= passed <= limit, (
        f"{passed} of {2 * limit} requests in one window got through; right: {limit}"
    )


def test_the_window_ends(lab):
    site = Site(lab)
    site.passed(2 * lab.params["limit"])
    site.clock.advance(lab.params["window"] + 1)
    assert site.passed(1), "1 second after the window has ended a request is still refused"


def test_each_key_has_a_ttl(lab):
    site = Site(lab)
    for number in range(2 * lab.params["limit"]):
        site.passed(1)
        site.check_ttls(f"after request {number + 1}")


# %% id="hidden" tags=["hidden"]
def test_users_are_apart(lab):
    site = Site(lab)
    site.passed(2 * lab.params["limit"], "ada")
    assert site.passed(1, "bob"), "bob is refused because ada asked too often"


def test_a_crash_after_any_trip(lab):
    for trips in range(1, MOST_TRIPS):
        site = Site(lab)
        begun = site.request()
        for _ in range(trips):
            begun.trip()
            site.check_ttls(f"a web server crashed after trip {len(begun.replies)}:")
        if begun.verdict is not None:
            break


def test_many_at_once(lab):
    check_lockstep(lab)
    check_pairs(lab)


def test_the_window_is_long_enough(lab):
    check_length(lab)


def test_who_asks_on_gets_in(lab):
    check_patience(lab)


def test_the_window_ends_between_two_trips(lab):
    check_pauses(lab)
