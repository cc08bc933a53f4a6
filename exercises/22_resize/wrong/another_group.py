# score: 65
# A new group in place of the old one: all sessions are gone.
def plan(megabytes):
    both = {"AutomaticFailoverEnabled": True, "MultiAZEnabled": True, "NumCacheClusters": 2}
    new = {
        "ReplicationGroupId": "shop",
        "ReplicationGroupDescription": "",
        "CacheNodeType": "cache.t3.small",
    }
    return [
        [0, "DeleteReplicationGroup", {"ReplicationGroupId": "shop"}],
        [10, "CreateReplicationGroup", {**new, **both}],
    ]
