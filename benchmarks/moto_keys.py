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


def known_to_moto(service, client):
    """Return the operations of a service for which moto has a method, by their names in boto3."""
    room = vars(importlib.import_module(f"moto.{service}.responses"))
    names = {each for own in room.values() if isinstance(own, type) for each in dir(own)}
    return sorted(names & set(client(service).meta.method_to_api_mapping))


if __name__ == "__main__":
    import boto3
    from moto import mock_aws

    os.environ |= {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
    with mock_aws():
        client = cache(lambda service: boto3.client(service, region_name="us-east-1"))
        seen = played(client)
    version = importlib.metadata.version("moto")
    services = sorted({service for service, *_ in seen})
    known = ",\n".join(f'"{each}": {json.dumps(known_to_moto(each, client))}' for each in services)
    lines = ",\n".join(json.dumps(each) for each in seen)
    KEYS.write_text(
        f'{{"moto": "{version}", "known": {{\n{known}\n}}, "answers": [\n{lines}\n]}}\n'
    )
    print(f"{KEYS}: {len(seen)} answers of moto {version}")
