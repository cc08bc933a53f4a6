"""Random arguments for the commands of HyperLogLog."""

from random import Random

from tests.engines.redis.random_arguments import key, keys, value

KINDS = ["GETREG", "DECODE", "encoding", "TODENSE", "nope"]
DAMAGED = [
    b"HYLL\x01" + bytes(11) + runs
    for runs in (b"\x7f\xff", b"\x7f\xff\x83", b"\x00", b"\x83\x7f\xfe")
]
DAMAGED += [
    b"HYLL\x02" + bytes(13),
    b"HYLX\x01" + bytes(11) + b"\x7f\xff",
    b"HYLL\x00" + bytes(20),
    b"HYLL",
]


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
