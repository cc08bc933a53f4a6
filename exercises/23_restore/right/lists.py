SERVICE_ID = "540804c33a284a299d2547575ce1010f2312ef3da9b3a053c8bc45bf233e4353"
TYPES = [
    ("cache.t3.micro", 402_653_184), ("cache.t3.small", 1_103_269_724),
    ("cache.t3.medium", 2_488_396_677),
]  # fmt: skip


def restore(bucket, key, needs):
    who = f'id="{SERVICE_ID}"'
    kind = next(name for name, room in TYPES if needs <= room)
    return [
        ["s3", "PutBucketAcl", {"Bucket": bucket, "GrantRead": who, "GrantReadACP": who}],
        ["s3", "PutObjectAcl", {"Bucket": bucket, "Key": key, "GrantRead": who}],
        ["elasticache", "CreateReplicationGroup", {
            "ReplicationGroupId": "shop", "ReplicationGroupDescription": "shop",
            "NumCacheClusters": 2, "AutomaticFailoverEnabled": True, "MultiAZEnabled": True,
            "CacheNodeType": kind, "SnapshotArns": [f"arn:aws:s3:::{bucket}/{key}"],
            "SnapshotRetentionLimit": 7, "SnapshotWindow": "03:00-04:00",
        }],
    ]  # fmt: skip
