import json


def restore(bucket, key, needs):
    place = "arn:aws:s3:::" + bucket
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["us-east-1.elasticache-snapshot.amazonaws.com"]},
        "Action": ["s3:GetObject", "s3:ListBucket", "s3:GetBucketAcl"],
        "Resource": [place, place + "/*"],
    }
    if needs <= 402_653_184:
        kind = "cache.t3.micro"
    elif needs <= 1_103_269_724:
        kind = "cache.t3.small"
    else:
        kind = "cache.t3.medium"
    return [
        [
            "s3",
            "PutBucketPolicy",
            {"Bucket": bucket, "Policy": json.dumps({"Statement": statement})},
        ],
        [
            "elasticache",
            "CreateReplicationGroup",
            {
                "ReplicationGroupId": "shop",
                "ReplicationGroupDescription": "",
                "NumCacheClusters": 2,
                "AutomaticFailoverEnabled": True,
                "CacheNodeType": kind,
                "SnapshotArns": [place + "/" + key],
                "SnapshotRetentionLimit": 7,
                "SnapshotWindow": "03:30-04:30",
            },
        ],
    ]
