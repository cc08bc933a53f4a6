"""Random arguments for the commands of HyperLogLog."""

from random import Random

from tests.engines.redis.random_arguments import key, keys, value

KINDS = ["GETREG", "DECODE", "encoding", "TODENSE", "nope"]


def elements(r: Random) -> list:
    """Return elements to add: a few that may come again, or hundreds of new ones."""
    draw = r.random()
    if draw < 0.5:
        return [f"e{r.randrange(1000)}" for _ in range(r.randint(0, 6))]
    if draw < 0.6:
        return [value(r)]
    return [r.randrange(10**9) for _ in range(r.choice([30, 30, 300]))]


MAKERS = {
    "PFADD": lambda r: [key(r), *elements(r)],
    "PFCOUNT": keys,
    "PFDEBUG": lambda r: [r.choice(KINDS), key(r)],
    "PFMERGE": lambda r: [key(r), *(keys(r) if r.random() < 0.9 else [])],
}
OFTEN = ["PFADD"]  # so that keys are there
