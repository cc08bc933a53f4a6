"""Random sequences of RDS calls, at the desk and through boto3; tests/service/db_sequences.py says what must hold."""

import pytest

from tests.service.db_sequences import DbSequences, DbSequencesOfClient, play


@pytest.mark.slow
def test_the_desk_of_rds_stays_in_order():
    """States are legal, the bill has what is there, and a restore has exactly the commits until its moment."""
    play(DbSequences, 300)


@pytest.mark.slow
def test_the_desk_of_rds_stays_in_order_for_a_client():
    """Every refusal is an error of the client, never one of the server."""
    pytest.importorskip("boto3", reason="needs the extra aws")
    play(DbSequencesOfClient, 20)
