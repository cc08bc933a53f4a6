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

from cachesim.service.account import Account
from cachesim.service.desks import Answer, ServiceDesk
from cachesim.service.faults import ServiceFault, refusal, refuse_if
from cachesim.service.register import Register
from cachesim.service.tables import in_shape

AWAKE, ENDING = ("Enabled", "Disabled"), "PendingDeletion"  # states
DAYS = (7, 30)  # until a key is deleted
NONCE, SEAL, NAME = 16, 32, 36  # bytes in front of a text
SIZES = {"AES_256": 32, "AES_128": 16}
USUAL = {"KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT"}


@dataclass
class KmsKey:
    """A key: its secret never leaves this desk."""

    id: str
    arn: str
    created: datetime
    secret: bytes
    description: str
    status: str = AWAKE[0]
    ends: datetime | None = None

    def shown(self) -> Answer:
        """Return the key in AWS's shape."""
        more = {"Enabled": self.status == AWAKE[0], "EncryptionAlgorithms": [USUAL["KeySpec"]]}
        return in_shape("kms key", self, **more)


class Kms(ServiceDesk):
    """Symmetric keys."""

    service = "kms"

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.keys: Register[KmsKey] = Register("kms key")
        self._draws = account.stream("kms")

    def CreateKey(self, request: Answer) -> Answer:
        """Make a key."""
        for name, usual in USUAL.items():
            value = request.get(name, usual)
            refuse_if(value != usual, "not simulated", f"{name} {value}")
        name = str(uuid.UUID(bytes=self._draws.bytes(16), version=4))
        secret, text = self._draws.bytes(32), request.get("Description", "")
        made = KmsKey(name, self.arn(f"key/{name}"), self.date, secret, text)
        return {"KeyMetadata": self.keys.add(made).shown()}

    def DescribeKey(self, request: Answer) -> Answer:
        """Show a key."""
        return {"KeyMetadata": self._key(request).shown()}

    def ListKeys(self, request: Answer) -> Answer:
        """List the keys."""
        listed = [{"KeyId": each.id, "KeyArn": each.arn} for each in self.keys]
        return {"Keys": listed, "Truncated": False}

    def EnableKey(self, request: Answer) -> None:
        """Let a key be used again."""
        self._key(request, *AWAKE).status = AWAKE[0]

    def DisableKey(self, request: Answer) -> None:
        """Let a key be of no use until it is enabled."""
        self._key(request, *AWAKE).status = AWAKE[1]

    def ScheduleKeyDeletion(self, request: Answer) -> Answer:
        """Let a key be gone in some days, with everything that it has encrypted."""
        key, days = self._key(request, *AWAKE), request.get("PendingWindowInDays", 30)
        refuse_if(not DAYS[0] <= days <= DAYS[1], "days to deletion", *DAYS, days)
        key.status, key.ends = ENDING, self.date + timedelta(days=days)
        self.account.calendar.at(86400.0 * days, lambda: self._end(key))
        return in_shape("ending key", key, PendingWindowInDays=days)

    def _end(self, key: KmsKey) -> None:
        if key.ends == self.date:  # neither cancelled nor put off
            self.keys.remove(key)

    def CancelKeyDeletion(self, request: Answer) -> Answer:
        """Keep a key after all; it is disabled."""
        key = self._key(request, ENDING)
        key.status, key.ends = AWAKE[1], None
        return {"KeyId": key.arn}

    def Encrypt(self, request: Answer) -> Answer:
        """Encrypt up to 4096 bytes."""
        key = self._working(request["KeyId"])
        hidden = self._hidden(key, request["Plaintext"], request)
        return in_shape("used key", key, CiphertextBlob=hidden)

    def Decrypt(self, request: Answer) -> Answer:
        """Decrypt; the text itself says which key it was."""
        blob = request["CiphertextBlob"]
        name, blob = blob[:NAME].decode(errors="replace"), blob[NAME:]
        nonce, seal, text = blob[:NONCE], blob[NONCE : NONCE + SEAL], blob[NONCE + SEAL :]
        refuse_if(name not in self.keys, "ciphertext")
        key = self._working(name)
        refuse_if("KeyId" in request and self._key(request) is not key, "another key")
        is_ours = hmac.compare_digest(seal, _seal(key, nonce, text, request))
        refuse_if(not is_ours, "ciphertext")
        return in_shape("used key", key, Plaintext=_mixed(key.secret, nonce, text))

    def GenerateDataKey(self, request: Answer) -> Answer:
        """Draw a key for the caller, in the clear and encrypted."""
        key, size = self._working(request["KeyId"]), request.get("NumberOfBytes", 0)
        plain = self._draws.bytes(size or SIZES[request.get("KeySpec", "AES_256")])
        hidden = self._hidden(key, plain, request)
        return {"Plaintext": plain, "CiphertextBlob": hidden, "KeyId": key.arn}

    def usable(self, name: str) -> str:
        """Return the ARN of a key with which other services can work now, or refuse it."""
        try:
            return self._working(name).arn
        except ServiceFault as why:
            raise refusal("unusable key", name, why) from None

    def _key(self, request: Answer, *states: str) -> KmsKey:
        """Return a key by its id or its ARN; with states, only if it is in one of them."""
        name = request["KeyId"].rpartition("key/")[2]
        return self.keys.ready(name, *states) if states else self.keys.find(name)

    def _working(self, name: str) -> KmsKey:
        key = self._key({"KeyId": name}, *AWAKE)
        refuse_if(key.status == AWAKE[1], "disabled key", key.arn)
        return key

    def _hidden(self, key: KmsKey, plain: bytes, request: Answer) -> bytes:
        nonce = self._draws.bytes(NONCE)
        text = _mixed(key.secret, nonce, plain)
        return key.id.encode() + nonce + _seal(key, nonce, text, request) + text


def _mixed(secret: bytes, nonce: bytes, text: bytes) -> bytes:
    """Hide a text, or show it again."""
    blocks = range(-(-len(text) // SEAL))
    stream = b"".join(hmac.digest(secret, nonce + b"%d" % block, "sha256") for block in blocks)
    return bytes(one ^ other for one, other in zip(text, stream, strict=False))


def _seal(key: KmsKey, nonce: bytes, text: bytes, request: Answer) -> bytes:
    """Return the seal that only this key makes of a text and its EncryptionContext."""
    context = json.dumps(request.get("EncryptionContext", {}), sort_keys=True)
    secret = hashlib.sha256(key.secret + b"seal").digest()
    return hmac.digest(secret, nonce + text + context.encode(), "sha256")
