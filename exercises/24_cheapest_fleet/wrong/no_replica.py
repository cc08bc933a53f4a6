# score: 50
# Nobody else has the rows.
TYPES = {  # node type -> GB for keys, dollars an hour
    "cache.t4g.micro": (0.40, 0.016),
    "cache.t4g.small": (1.10, 0.032),
    "cache.t4g.medium": (2.49, 0.065),
    "cache.m6g.large": (5.14, 0.149),
    "cache.r6g.large": (10.53, 0.206),
}


def fleet(gigabytes):
    name = next(name for name, (room, _) in TYPES.items() if room >= (gigabytes + 0.18) / 0.8)
    return {
        "CacheNodeType": name,
        "NumCacheClusters": 1,
    }
