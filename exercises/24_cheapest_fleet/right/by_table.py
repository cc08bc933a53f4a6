def fleet(gigabytes):
    if gigabytes < 0.7:
        name, shards = "cache.t4g.small", 1
    elif gigabytes < 1.8:
        name, shards = "cache.t4g.medium", 1
    else:
        name, shards = "cache.t4g.medium", 2
    safe = {"AutomaticFailoverEnabled": True, "MultiAZEnabled": True}
    return {"CacheNodeType": name, "NumNodeGroups": shards, "ReplicasPerNodeGroup": 1, **safe}
