# score: 60
# A single node has nobody to hand over to.
def plan(megabytes):
    shop = {"ReplicationGroupId": "shop", "ApplyImmediately": True}
    return [[0, "ModifyReplicationGroup", {**shop, "CacheNodeType": "cache.t3.small"}]]
