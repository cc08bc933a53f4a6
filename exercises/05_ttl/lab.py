# %% [markdown] id="question"
# # 5 · A TTL for a staleness budget
#
# "One read in a hundred may be stale, not more." **How long may the TTL be?** If it is too short, the database does the work. If it is too long, the promise is broken.
#
# Take one key. It is read at random moments, `reads` times a second on average, and written at random moments, `writes` times a second. With lazy loading a read that misses
# fills the cache, and the copy lives for the TTL, whatever is written. A read is stale if it gets a copy that a write has outdated; the read that fills is never stale.
#
# Write `ttl_for(budget, reads, writes)`: the largest TTL, in seconds, with which at most the share `budget` of all reads is stale. The budget is a share: 0.01 is one read in
# a hundred. Ours took 12 lines.

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
    """Draw the parameters of one student."""
    return {"reads": random(20, 40), "writes": random(5, 9) / 100, "budget": random(6, 12) / 100}


# %% id="helpers" tags=["helpers"]
import math

from cachesim.grading.causes import mistaken

BY_HAND = (0.01, 100.0, 0.01), 2.0235  # budget, reads, writes, and the TTL in seconds
KNOWN = {
    "budget / writes: then the last read of a life is stale with this probability, and the reads before it less often": 1.0,
    "the age at which a copy is stale with the probability of the budget; most reads come earlier": 1.00503,
    "the mean time between two writes": 100.0,
    "the TTL in milliseconds": 2023.5,
    "the TTL for a budget of 0.01 %: the budget is a share, no percentage": 0.02732,
    "the TTL if reads and writes are swapped": 1.0202,
}


def ttl(lab, budget, reads, writes):
    """Return the result of your function, if it is a TTL."""
    answer = lab.call("ttl_for", budget, reads, writes)
    call = f"ttl_for({budget:.3g}, {reads:.3g}, {writes:.3g})"
    assert type(answer) in (int, float), (
        f"{call} returned {answer!r:.60}; right: a number of seconds"
    )
    assert math.isfinite(answer), f"{call} returned {answer}; right: a finite number of seconds"
    assert 0 < answer < 1e9, f"{call} returned {answer:.4g}; right: a number of seconds above 0"
    return float(answer)


# %% id="visible" tags=["visible"]
def test_a_budget_by_hand(lab):
    given, right = BY_HAND
    answer = ttl(lab, *given)
    assert abs(answer / right - 1) < 0.02, (
        f"ttl_for(0.01, 100, 0.01) returned {answer:.4g} s{mistaken(answer, KNOWN)}; right: {right:.2f} s, to 2 %"
    )


def test_a_larger_budget_lasts_longer(lab):
    base, larger, busier = (
        ttl(lab, *given) for given in ((0.05, 10.0, 0.1), (0.1, 10.0, 0.1), (0.05, 10.0, 0.5))
    )
    assert base < larger, (
        f"10 reads/s and 0.1 writes/s: a budget of 5 % gave {base:.3g} s, and 10 % gave {larger:.3g} s"
    )
    assert busier < base, (
        f"10 reads/s and a budget of 5 %: 0.1 writes/s gave {base:.3g} s, and 0.5 writes/s gave {busier:.3g} s"
    )


# %% id="hidden" tags=["hidden"]
def test_kept_in_a_simulation(lab):
    asked = lab.params["budget"], float(lab.params["reads"]), lab.params["writes"]
    answer = ttl(lab, *asked)
    share, right = (simulated(min(each, 1000.0), lab.params) for each in (answer, exact(*asked)))
    assert abs(share / right - 1) <= 0.25, (
        f"with a TTL of {answer:.3g} s {share:.1%} of the reads were stale; with the right TTL {right:.1%}"
    )


def test_exact_for_many_keys(lab):
    for budget, reads, writes in cases(lab.seed):
        answer = ttl(lab, budget, reads, writes)
        share = cs.theory.lazy_stale_ratio(reads, writes, answer)
        assert abs(share / budget - 1) < 0.01, (
            f"{reads:.3g} reads/s, {writes:.3g} writes/s: with a TTL of {answer:.4g} s {share:.2%} of the reads are stale; "
            f"right: {budget:.2%}, to 1 % of it"
        )
