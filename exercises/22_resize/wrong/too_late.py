# score: 25
# The sale begins while the group is modifying.
def plan(megabytes):
    shop = {"ReplicationGroupId": "shop", "ApplyImmediately": True}
    return [
        [30, "IncreaseReplicaCount", {**shop, "NewReplicaCount": 1}],
        [
            45,
            "ModifyReplicationGroup",
            {**shop, "AutomaticFailoverEnabled": True, "MultiAZEnabled": True},
        ],
        [55, "ModifyReplicationGroup", {**shop, "CacheNodeType": "cache.t3.small"}],
    ]
