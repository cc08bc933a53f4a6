def plan(megabytes):
    shop = {"ReplicationGroupId": "shop", "ApplyImmediately": True}
    return [
        [0, "CreateCacheCluster", {"ReplicationGroupId": "shop", "CacheClusterId": "second"}],
        [14, "ModifyReplicationGroup", {**shop, "AutomaticFailoverEnabled": True}],
        [15, "ModifyReplicationGroup", {**shop, "MultiAZEnabled": True}],
        [16, "ModifyReplicationGroup", {**shop, "CacheNodeType": "cache.t4g.small"}],
    ]
