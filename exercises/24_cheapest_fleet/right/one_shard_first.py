def fleet(gigabytes):
    safe = {"AutomaticFailoverEnabled": True, "MultiAZEnabled": True}
    for name, room in (("cache.t4g.small", 0.7), ("cache.t4g.medium", 1.8)):
        if gigabytes <= room:
            return {"CacheNodeType": name, "NumCacheClusters": 2, **safe}
    return {
        "CacheNodeType": "cache.t4g.medium",
        "NumNodeGroups": 2,
        "ReplicasPerNodeGroup": 1,
        **safe,
    }
