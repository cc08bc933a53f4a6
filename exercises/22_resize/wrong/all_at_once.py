# score: 0
# The second call and the third come while the group is modifying.
def plan(megabytes):
    shop = {"ReplicationGroupId": "shop", "ApplyImmediately": True}
    return [
        [0, "IncreaseReplicaCount", {**shop, "NewReplicaCount": 1}],
        [
            1,
            "ModifyReplicationGroup",
            {**shop, "AutomaticFailoverEnabled": True, "MultiAZEnabled": True},
        ],
        [2, "ModifyReplicationGroup", {**shop, "CacheNodeType": "cache.t3.small"}],
    ]
