def fleet(gigabytes):
    shards = 1 if gigabytes < 1.8 else 2
    return {
        "Engine": "valkey",
        "CacheNodeType": "cache.t4g.small" if gigabytes < 0.7 else "cache.t4g.medium",
        "NumNodeGroups": shards,
        "ReplicasPerNodeGroup": 1,
        "AutomaticFailoverEnabled": True,
        "MultiAZEnabled": True,
    }
