"""KMS: states of keys, and who can read what they encrypted."""

import pytest

from cachesim.service.faults import ServiceFault
from tests.service.conftest import GROUP

DAY = 24 * 60  # minutes


@pytest.fixture
def kms(cloud):
    """The desk of KMS."""
    return cloud.desk("kms")


def key(kms):
    """Make a key, and return its id."""
    return kms.CreateKey({"Description": "for backups"})["KeyMetadata"]["KeyId"]


def shape(call, **request):
    """Return the shape of a refusal."""
    with pytest.raises(ServiceFault) as refused:
        call(request)
    return refused.value.shape


def test_only_the_key_opens_what_it_closed(kms):
    """With the same context, by id or ARN; not by another key, and not if one bit has changed."""
    one, other = key(kms), key(kms)
    context = {"EncryptionContext": {"cache": "shop"}}
    made = kms.Encrypt({"KeyId": one, "Plaintext": b"a text of more than one block" * 3, **context})
    blob = made["CiphertextBlob"]

    assert b"text" not in blob
    assert b"a text" == kms.Decrypt({"CiphertextBlob": blob, **context})["Plaintext"][:6]
    assert "InvalidCiphertextException" == shape(kms.Decrypt, CiphertextBlob=blob)
    asked = {"CiphertextBlob": blob, "KeyId": other, **context}
    assert "IncorrectKeyException" == shape(kms.Decrypt, **asked)
    broken = blob[:-1] + bytes([blob[-1] ^ 1])
    assert "InvalidCiphertextException" == shape(kms.Decrypt, CiphertextBlob=broken, **context)
    assert "InvalidCiphertextException" == shape(kms.Decrypt, CiphertextBlob=b"\xff", **context)


def test_a_data_key(kms):
    """The caller gets it twice: in the clear, and closed."""
    made = kms.GenerateDataKey({"KeyId": key(kms), "KeySpec": "AES_256"})

    assert 32 == len(made["Plaintext"])
    opened = kms.Decrypt({"CiphertextBlob": made["CiphertextBlob"]})
    assert opened["Plaintext"] == made["Plaintext"]


def test_a_key_sleeps_and_wakes(kms):
    """Disabled: nobody reads; enabled: all do again."""
    own = key(kms)
    blob = kms.Encrypt({"KeyId": own, "Plaintext": b"x"})["CiphertextBlob"]
    kms.DisableKey({"KeyId": own})
    assert "DisabledException" == shape(kms.Decrypt, CiphertextBlob=blob)
    assert not kms.DescribeKey({"KeyId": own})["KeyMetadata"]["Enabled"]
    with pytest.raises(ServiceFault, match="is disabled") as refused:
        kms.usable(own)
    assert "InvalidKMSKeyFault" == refused.value.shape
    kms.EnableKey({"KeyId": own})
    assert b"x" == kms.Decrypt({"CiphertextBlob": blob})["Plaintext"]
    assert kms.usable(own).endswith(own)


def test_a_key_is_deleted_after_days(cloud, kms):
    """Unless that is cancelled; what it closed is lost."""
    gone, kept = key(kms), key(kms)
    blob = kms.Encrypt({"KeyId": gone, "Plaintext": b"x"})["CiphertextBlob"]
    for each in (gone, kept):
        kms.ScheduleKeyDeletion({"KeyId": each, "PendingWindowInDays": 7})
    assert "KMSInvalidStateException" == shape(kms.EnableKey, KeyId=gone)
    assert "KMSInvalidStateException" == shape(kms.Encrypt, KeyId=gone, Plaintext=b"x")
    kms.CancelKeyDeletion({"KeyId": kept})
    cloud.advance(minutes=7 * DAY + 1)

    assert [kept] == [each["KeyId"] for each in kms.ListKeys({})["Keys"]]
    assert "NotFoundException" == shape(kms.DescribeKey, KeyId=gone)
    assert "InvalidCiphertextException" == shape(kms.Decrypt, CiphertextBlob=blob)
    assert "KMSInvalidStateException" == shape(kms.CancelKeyDeletion, KeyId=kept)
    asked = {"KeyId": kept, "PendingWindowInDays": 6}
    assert "ValidationException" == shape(kms.ScheduleKeyDeletion, **asked)


def test_a_boto3_client(cloud):
    """Bytes go both ways; a group is made with the key."""
    pytest.importorskip("boto3", reason="needs the extra aws")
    client = cloud.client("kms")
    arn = client.create_key()["KeyMetadata"]["Arn"]
    blob = client.encrypt(KeyId=arn, Plaintext=b"\x00\xff")["CiphertextBlob"]

    assert b"\x00\xff" == client.decrypt(CiphertextBlob=blob)["Plaintext"]
    cache = cloud.client("elasticache")
    client.disable_key(KeyId=arn)
    asked = {**GROUP, "AtRestEncryptionEnabled": True, "KmsKeyId": arn}
    with pytest.raises(cache.exceptions.InvalidKMSKeyFault):
        cache.create_replication_group(**asked)
    with pytest.raises(client.exceptions.DisabledException):
        client.encrypt(KeyId=arn, Plaintext=b"x")
