"""What the hidden tests of exercise 18 use; it never leaves the teacher."""

from itertools import product


def check_lockstep(lab):
    """Let all requests make their first trip, then all their second, and so on."""
    limit = lab.params["limit"]
    alone = Site(lab).passed(3 * limit)
    requests = [(site := Site(lab)).request()]
    requests += [site.request() for _ in range(3 * limit - 1)]
    for _ in range(MOST_TRIPS):
        for request in requests:
            request.trip()
    passed = sum(request.end() for request in requests)
    assert 1 <= passed <= alone < 3 * limit, (
        f"{passed} of {3 * limit} requests at once got through; one after the other {alone} do"
    )


def check_pairs(lab):
    """Let two requests compete for the last place, in each order of their first trips."""
    limit = lab.params["limit"]
    alone = Site(lab).passed(3 * limit)
    for order in product((0, 1), repeat=5):
        site = Site(lab)
        before = site.passed(limit - 1)
        pair = site.request(), site.request()
        for which in order:
            pair[which].trip()
        passed = before + sum(request.end() for request in pair)
        assert passed <= alone, (
            f"{passed} requests got through when the last two came at once; alone {alone} do"
        )


def check_patience(lab):
    """Ask half as often as is allowed; then ask on after too many requests."""
    limit, window = lab.params["limit"], lab.params["window"]
    site = Site(lab)
    for number in range(3 * limit):
        assert site.passed(1), f"request {number + 1} is refused; there were two in each window"
        site.clock.advance(window * 0.51)
    site = Site(lab)
    site.passed(2 * limit)
    passed = 0
    for _ in range(6):
        site.clock.advance(window / 5 + 0.1)
        passed += site.passed(1)
    assert passed, "who asks on while refused is still refused after the window"


def check_length(lab):
    """Ask too often at three moments of one window: at its begin, about its middle and before its end."""
    limit, window = lab.params["limit"], lab.params["window"]
    alone = Site(lab).passed(3 * limit)
    site, passed = Site(lab), 0
    for _ in range(3):
        passed += site.passed(3 * limit)
        site.clock.advance(window * 0.45)
    assert passed <= 2 * alone, f"{passed} requests got through in {0.9 * window:.0f} s"


def check_pauses(lab):
    """Let the window of an earlier request end after each trip of a second one."""
    for trips in range(1, MOST_TRIPS):
        site = Site(lab)
        site.passed(1)
        late = site.request()
        for _ in range(trips):
            late.trip()
        if late.verdict is not None:
            return
        site.clock.advance(lab.params["window"] + 1)
        late.end()
        site.check_ttls(f"the window ended after trip {trips} of a request:")
