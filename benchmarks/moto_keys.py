"""What moto answers: the keys of its replies, written down for tests/service/test_moto.py.

moto is an imitation of AWS that others trust. It is not installed with cachesim: make an environment with
`pip install moto boto3`, and run this file there from the project's root.
"""

import importlib.metadata
import json
import os
import sys
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.service.played_calls import KEYS, played

if __name__ == "__main__":
    import boto3
    from moto import mock_aws

    os.environ |= {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
    with mock_aws():
        client = cache(lambda service: boto3.client(service, region_name="us-east-1"))
        seen = played(client)
    version = importlib.metadata.version("moto")
    lines = ",\n".join(json.dumps(each) for each in seen)
    KEYS.write_text(f'{{"moto": "{version}", "answers": [\n{lines}\n]}}\n')
    print(f"{KEYS}: {len(seen)} answers of moto {version}")
