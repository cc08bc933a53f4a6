# score: 55
# Does not look at the load.
def fleet(gigabytes):
    name = "cache.t4g.small"
    return {
        "CacheNodeType": name,
        "NumNodeGroups": 1,
        "ReplicasPerNodeGroup": 1,
        "AutomaticFailoverEnabled": True,
        "MultiAZEnabled": True,
    }
