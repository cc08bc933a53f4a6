"""Random sequences of calls of DynamoDB and of DAX, through boto3; their files say what must hold."""

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

from tests.service.dax_sequences import DaxSequencesOfClient
from tests.service.dynamo_sequences import DynamoSequencesOfClient
from tests.service.sequences import play


@pytest.mark.slow
@pytest.mark.parametrize("machine", [DynamoSequencesOfClient, DaxSequencesOfClient])
def test_the_desks_stay_in_order(machine):
    """Tables have their items, units are those of the arithmetic, and no read is older than a TTL."""
    play(machine, 100)
