# score: 70
# Has room for everything, at the price of everything.
def fleet(gigabytes):
    name = "cache.r6g.large"
    return {
        "CacheNodeType": name,
        "NumNodeGroups": 1,
        "ReplicasPerNodeGroup": 1,
        "AutomaticFailoverEnabled": True,
        "MultiAZEnabled": True,
    }
