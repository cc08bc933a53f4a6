# score: 75
# The replica comes only after the change of the node type.
def plan(megabytes):
    shop = {"ReplicationGroupId": "shop", "ApplyImmediately": True}
    return [
        [0, "ModifyReplicationGroup", {**shop, "CacheNodeType": "cache.t3.small"}],
        [25, "IncreaseReplicaCount", {**shop, "NewReplicaCount": 1}],
        [
            45,
            "ModifyReplicationGroup",
            {**shop, "AutomaticFailoverEnabled": True, "MultiAZEnabled": True},
        ],
    ]
