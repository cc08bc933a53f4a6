"""The desk of KMS: keys, their states, and what they encrypt.

The standard library has no AES. A text is hidden by a stream of HMAC-SHA256 and sealed by another one:
enough to show who can read what, and not reviewed: do not protect anything real with it.
"""

import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cachesim.service.account import NUMBER, Account
from cachesim.service.elasticache.checks import only
from cachesim.service.faults import ServiceFault
from cachesim.service.register import Register

ENABLED, DISABLED, ENDING = "Enabled", "Disabled", "PendingDeletion"
DAYS = (7, 30)  # until a key is deleted
NONCE, SEAL, NAME = 16, 32, 36  # bytes in front of a text
SIZES = {"AES_256": 32, "AES_128": 16}
SIMULATED = "SYMMETRIC_DEFAULT"


@dataclass
class KmsKey:
    """A key: its secret never leaves this desk."""

    id: str
    arn: str
    created: datetime
    secret: bytes
    description: str
    status: str = ENABLED
    ends: datetime | None = None

    def shown(self) -> dict[str, Any]:
        """Return the key in AWS's shape."""
        return {
            "AWSAccountId": NUMBER, "KeyId": self.id, "Arn": self.arn, "CreationDate": self.created,
            "Enabled": self.status == ENABLED, "KeyState": self.status, "DeletionDate": self.ends,
            "Description": self.description, "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": SIMULATED,
            "CustomerMasterKeySpec": SIMULATED,
            "KeyManager": "CUSTOMER", "Origin": "AWS_KMS", "EncryptionAlgorithms": [SIMULATED],
        }  # fmt: skip


class Kms:
    """Symmetric keys."""

    service = "kms"

    def __init__(self, account: Account) -> None:
        self.account = account
        self.keys: Register[KmsKey] = Register("kms key")
        self._draws = account.stream("kms")

    def CreateKey(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a key."""
        only(request, ("Description", "KeySpec", "KeyUsage"))
        for name, usual in (("KeySpec", SIMULATED), ("KeyUsage", "ENCRYPT_DECRYPT")):
            if request.get(name, usual) != usual:
                raise ServiceFault("NotImplemented", f"{name} {request[name]} is not simulated.")
        name = str(uuid.UUID(bytes=self._draws.bytes(16), version=4))
        arn, date = self.account.arn("kms", f"key/{name}"), self.account.calendar.date
        made = KmsKey(name, arn, date, self._draws.bytes(32), request.get("Description", ""))
        return {"KeyMetadata": self.keys.add(made).shown()}

    def DescribeKey(self, request: dict[str, Any]) -> dict[str, Any]:
        """Show a key."""
        return {"KeyMetadata": self._key(request["KeyId"]).shown()}

    def ListKeys(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the keys."""
        listed = [{"KeyId": each.id, "KeyArn": each.arn} for each in self.keys]
        return {"Keys": listed, "Truncated": False}

    def EnableKey(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let a key be used again."""
        self._waking(request).status = ENABLED
        return {}

    def DisableKey(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let a key be of no use until it is enabled."""
        self._waking(request).status = DISABLED
        return {}

    def ScheduleKeyDeletion(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let a key be gone in some days, with everything that it has encrypted."""
        key, days = self._waking(request), request.get("PendingWindowInDays", DAYS[1])
        if not DAYS[0] <= days <= DAYS[1]:
            raise ServiceFault(
                "ValidationException", f"PendingWindowInDays must be from 7 to 30, got {days}."
            )
        key.status, key.ends = ENDING, self.account.calendar.date + timedelta(days=days)
        ends = key.ends
        self.account.calendar.at(86400.0 * days, lambda: self._deleted(key, ends))
        answer = {"KeyId": key.arn, "DeletionDate": key.ends, "KeyState": ENDING}
        return {**answer, "PendingWindowInDays": days}

    def _deleted(self, key: KmsKey, ends: datetime) -> None:
        if key.ends == ends:  # not cancelled
            self.keys.remove(key)

    def CancelKeyDeletion(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keep a key after all; it is disabled."""
        key = self._key(request["KeyId"])
        if key.status != ENDING:
            raise _wrong_state(key)
        key.status, key.ends = DISABLED, None
        return {"KeyId": key.arn}

    def Encrypt(self, request: dict[str, Any]) -> dict[str, Any]:
        """Encrypt up to 4096 bytes."""
        only(request, ("KeyId", "Plaintext", "EncryptionContext"))
        key = self._ready(request["KeyId"])
        hidden = self._hidden(key, request["Plaintext"], request)
        return {"CiphertextBlob": hidden, "KeyId": key.arn, "EncryptionAlgorithm": SIMULATED}

    def Decrypt(self, request: dict[str, Any]) -> dict[str, Any]:
        """Decrypt; the text itself says which key it was."""
        only(request, ("CiphertextBlob", "EncryptionContext", "KeyId"))
        blob = request["CiphertextBlob"]
        name, nonce = blob[:NAME].decode(errors="replace"), blob[NAME : NAME + NONCE]
        seal, text = blob[NAME + NONCE : NAME + NONCE + SEAL], blob[NAME + NONCE + SEAL :]
        if name not in self.keys:
            raise ServiceFault("InvalidCiphertextException", "")
        key = self._ready(name)
        if "KeyId" in request and self._key(request["KeyId"]) is not key:
            raise ServiceFault("IncorrectKeyException", "The text was encrypted with another key.")
        if not hmac.compare_digest(seal, _seal(key, nonce, text, request)):
            raise ServiceFault("InvalidCiphertextException", "")
        plain = _mixed(key.secret, nonce, text)
        return {"Plaintext": plain, "KeyId": key.arn, "EncryptionAlgorithm": SIMULATED}

    def GenerateDataKey(self, request: dict[str, Any]) -> dict[str, Any]:
        """Draw a key for the caller, in the clear and encrypted."""
        only(request, ("KeyId", "EncryptionContext", "NumberOfBytes", "KeySpec"))
        key, size = self._ready(request["KeyId"]), request.get("NumberOfBytes", 0)
        plain = self._draws.bytes(size or SIZES[request.get("KeySpec", "AES_256")])
        hidden = self._hidden(key, plain, request)
        return {"Plaintext": plain, "CiphertextBlob": hidden, "KeyId": key.arn}

    def usable(self, name: str) -> str:
        """Return the ARN of a key with which other services can work now.

        Raises
        ------
        ServiceFault
            InvalidKMSKeyFault: there is no such key, or it is disabled or will be deleted.
        """
        try:
            return self._ready(name).arn
        except ServiceFault as why:
            raise ServiceFault(
                "InvalidKMSKeyFault", f"The KMS key {name} is not valid: {why}"
            ) from None

    def _key(self, name: str) -> KmsKey:
        """Return a key by its id or its ARN."""
        return self.keys.find(name.rpartition("key/")[2])

    def _waking(self, request: dict[str, Any]) -> KmsKey:
        key = self._key(request["KeyId"])
        if key.status == ENDING:
            raise _wrong_state(key)
        return key

    def _ready(self, name: str) -> KmsKey:
        key = self._key(name)
        if key.status == ENDING:
            raise _wrong_state(key)
        if key.status == DISABLED:
            raise ServiceFault("DisabledException", f"{key.arn} is disabled.")
        return key

    def _hidden(self, key: KmsKey, plain: bytes, request: dict[str, Any]) -> bytes:
        nonce = self._draws.bytes(NONCE)
        text = _mixed(key.secret, nonce, plain)
        return key.id.encode() + nonce + _seal(key, nonce, text, request) + text


def _wrong_state(key: KmsKey) -> ServiceFault:
    return ServiceFault("KMSInvalidStateException", f"{key.arn} is {key.status}.")


def _mixed(secret: bytes, nonce: bytes, text: bytes) -> bytes:
    """Hide a text, or show it again."""
    blocks = range(-(-len(text) // SEAL))
    stream = b"".join(hmac.digest(secret, nonce + b"%d" % block, "sha256") for block in blocks)
    return bytes(one ^ other for one, other in zip(text, stream, strict=False))


def _seal(key: KmsKey, nonce: bytes, text: bytes, request: dict[str, Any]) -> bytes:
    """Return the seal that only this key makes of a text and its EncryptionContext."""
    context = json.dumps(request.get("EncryptionContext", {}), sort_keys=True)
    secret = hashlib.sha256(key.secret + b"seal").digest()
    return hmac.digest(secret, nonce + text + context.encode(), "sha256")
