def plan(megabytes):
    shop = {"ReplicationGroupId": "shop"}
    now = {**shop, "ApplyImmediately": True}
    calls = [[0, "IncreaseReplicaCount", {**now, "NewReplicaCount": 2}]]
    calls.append(
        [
            18,
            "ModifyReplicationGroup",
            {**now, "AutomaticFailoverEnabled": True, "MultiAZEnabled": True},
        ]
    )
    calls.append([30, "ModifyReplicationGroup", {**now, "CacheNodeType": "cache.t3.small"}])
    return calls
