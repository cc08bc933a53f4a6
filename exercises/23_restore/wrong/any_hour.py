# score: 90
# Leaves the window to the service.
SERVICE = "us-east-1.elasticache-snapshot.amazonaws.com"  # whom a bucket policy must name
ROOM = {  # node type -> bytes for keys, the cheapest first
    "cache.t3.micro": 402_653_184,
    "cache.t3.small": 1_103_269_724,
    "cache.t3.medium": 2_488_396_677,
}


def restore(bucket, key, needs):
    import json

    arn = f"arn:aws:s3:::{bucket}"
    allow = {"Effect": "Allow", "Principal": {"Service": SERVICE}}
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {**allow, "Action": "s3:GetObject", "Resource": f"{arn}/{key}"},
            {**allow, "Action": ["s3:ListBucket", "s3:GetBucketAcl"], "Resource": arn},
        ],
    }
    group = {
        "ReplicationGroupId": "shop",
        "ReplicationGroupDescription": "restored",
        "NumCacheClusters": 2,
        "AutomaticFailoverEnabled": True,
        "CacheNodeType": next(name for name, room in ROOM.items() if needs <= room),
        "SnapshotArns": [f"{arn}/{key}"],
        "SnapshotRetentionLimit": 7,
        "SnapshotWindow": "12:00-14:00",
    }
    return [
        ["s3", "PutBucketPolicy", {"Bucket": bucket, "Policy": json.dumps(policy)}],
        ["elasticache", "CreateReplicationGroup", group],
    ]
