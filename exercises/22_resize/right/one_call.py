def plan(megabytes):
    shop = {"ReplicationGroupId": "shop", "ApplyImmediately": True}
    both = {
        "AutomaticFailoverEnabled": True,
        "MultiAZEnabled": True,
        "CacheNodeType": "cache.t3.small",
    }
    return [
        [2, "IncreaseReplicaCount", {**shop, "NewReplicaCount": 1}],
        [20, "ModifyReplicationGroup", {**shop, **both}],
    ]
