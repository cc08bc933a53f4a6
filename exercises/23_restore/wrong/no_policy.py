# score: 0
# Forgets to let the service in.
SERVICE = "us-east-1.elasticache-snapshot.amazonaws.com"  # whom a bucket policy must name
ROOM = {  # node type -> bytes for keys, the cheapest first
    "cache.t3.micro": 402_653_184,
    "cache.t3.small": 1_103_269_724,
    "cache.t3.medium": 2_488_396_677,
}


def restore(bucket, key, needs):
    arn = f"arn:aws:s3:::{bucket}"
    group = {
        "ReplicationGroupId": "shop",
        "ReplicationGroupDescription": "restored",
        "NumCacheClusters": 2,
        "AutomaticFailoverEnabled": True,
        "CacheNodeType": next(name for name, room in ROOM.items() if needs <= room),
        "SnapshotArns": [f"{arn}/{key}"],
    }
    return [
        ["elasticache", "CreateReplicationGroup", group],
    ]
