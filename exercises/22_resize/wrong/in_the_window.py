# score: 10
# The change waits for Sunday.
def plan(megabytes):
    return [
        [
            0,
            "ModifyReplicationGroup",
            {"ReplicationGroupId": "shop", "CacheNodeType": "cache.t3.small"},
        ]
    ]
