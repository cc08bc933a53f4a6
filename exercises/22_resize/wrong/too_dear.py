# score: 90
# Far more memory than the sale needs.
def plan(megabytes):
    shop = {"ReplicationGroupId": "shop", "ApplyImmediately": True}
    both = {
        "AutomaticFailoverEnabled": True,
        "MultiAZEnabled": True,
        "CacheNodeType": "cache.m6g.large",
    }
    return [
        [0, "IncreaseReplicaCount", {**shop, "NewReplicaCount": 1}],
        [20, "ModifyReplicationGroup", {**shop, **both}],
    ]
