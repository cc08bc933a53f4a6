# %% [markdown] id="question"
# # 5 · A TTL for a staleness budget
#
# "One read in a hundred may be stale, not more." **How long may the TTL be?** Too short, and the database does the work; too long, and the promise is
# broken. Derive it: a key is read at random, `reads` times a second, and written `writes` times a second; lazy loading fills the copy on a miss, and it
# lives for the TTL. Write `ttl_for(budget, reads, writes)`, in seconds. Ours took 12 lines.

# %% id="imports"
import math


# %% id="ttl-for"
def ttl_for(budget, reads, writes):
    """Return the largest TTL in seconds with which at most the share `budget` of all reads is stale."""
    # BEGIN SOLUTION

    def stale(ttl):
        return reads / (1 + reads * ttl) * (ttl + math.expm1(-writes * ttl) / writes)

    least, most = 0.0, 1.0
    while stale(most) < budget:
        most *= 2
    for _ in range(100):
        middle = (least + most) / 2
        if stale(middle) < budget:
            least = middle
        else:
            most = middle
    return least
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Return what differs from student to student."""
    return {"reads": random(20, 60), "writes": random(2, 9) / 100, "budget": random(5, 15) / 100}


# %% id="helpers" tags=["helpers"]
import math


def number(answer):
    """Return a TTL that can be worked with. Raises AssertionError."""
    assert type(answer) in (int, float), f"a number of seconds is asked for, got {answer!r:.60}"
    assert math.isfinite(answer), "a finite number of seconds is asked for"
    assert 0 < answer < 1e9, f"a number of seconds above 0 is asked for, got {answer:.4g}"
    return float(answer)


# %% id="visible" tags=["visible"]
def test_a_budget_by_hand(lab):
    ttl = number(lab.call("ttl_for", 0.01, 100.0, 0.01))
    assert abs(ttl / 2.0235 - 1) < 0.005, f"ttl_for(0.01, 100, 0.01) returned {ttl:.4g} s"


def test_a_larger_budget_lasts_longer(lab):
    base, larger, busier = (
        number(lab.call("ttl_for", *given))
        for given in ((0.05, 10.0, 0.1), (0.1, 10.0, 0.1), (0.05, 10.0, 0.5))
    )
    assert busier < base < larger, f"{busier:.4g}, {base:.4g} and {larger:.4g} s should grow"


# %% id="hidden" tags=["hidden"]
def test_exact_for_many_keys(lab):
    for budget, reads, writes in cases(lab.seed):
        ttl = number(lab.call("ttl_for", budget, reads, writes))
        share = cs.theory.lazy_stale_ratio(reads, writes, ttl) if ttl > 0 else 0.0
        assert abs(share / budget - 1) < 0.01, (
            f"{reads:.3g} reads/s, {writes:.3g} writes/s: a TTL of {ttl:.4g} s makes {share:.2%} stale, allowed are {budget:.2%}"
        )


def test_kept_in_a_simulation(lab):
    asked = lab.params
    ttl = number(lab.call("ttl_for", asked["budget"], float(asked["reads"]), asked["writes"]))
    share = simulated(ttl, asked)
    assert 0.75 * asked["budget"] <= share <= 1.25 * asked["budget"], (
        f"with a TTL of {ttl:.4g} s {share:.2%} of the reads were stale; the budget is {asked['budget']:.0%}"
    )
