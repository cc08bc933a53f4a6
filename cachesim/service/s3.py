"""The desk of S3, as far as seeds and exported snapshots need it: buckets, objects, rights."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cachesim.service.account import REGION, Account
from cachesim.service.elasticache.checks import only
from cachesim.service.faults import ServiceFault
from cachesim.service.grants import HEADERS, OWNER, Grants

NAME = re.compile(r"[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]")
RANGE = re.compile(r"bytes=(\d+)-(\d*)")
MOST_KEYS = 1000  # of a page
RIGHTS = "ACL " + " ".join(HEADERS)
PUT = (  # of PutObject; checksums are taken and not looked at: on loopback no byte is lost
    "Bucket Key Body ContentType ContentLength ContentMD5 ContentEncoding Metadata "
    "ChecksumAlgorithm ChecksumCRC32 ChecksumCRC32C ChecksumCRC64NVME ChecksumSHA1 ChecksumSHA256 "
) + RIGHTS
LISTED = "Bucket Prefix Delimiter MaxKeys EncodingType ContinuationToken StartAfter Marker"
ACCESS = "Bucket Key AccessControlPolicy ContentMD5 ChecksumAlgorithm " + RIGHTS


@dataclass
class Stored:
    """An object."""

    content: bytes
    tag: str
    written: datetime
    kind: str
    notes: dict[str, str]


@dataclass
class Bucket:
    """A bucket: its objects by their keys, and who may do what with them."""

    name: str
    region: str
    created: datetime
    grants: Grants
    objects: dict[str, Stored] = field(default_factory=dict)


class S3:
    """The desk of S3.

    >>> desk = S3(Account())
    >>> desk.CreateBucket({"Bucket": "seeds"})
    {'Location': '/seeds'}
    >>> put = desk.PutObject({"Bucket": "seeds", "Key": "a.rdb", "Body": b"REDIS0010"})
    >>> desk.GetObject({"Bucket": "seeds", "Key": "a.rdb"})["Body"]
    b'REDIS0010'
    """

    service = "s3"

    def __init__(self, account: Account) -> None:
        self.account = account
        self.buckets: dict[str, Bucket] = {}

    def bucket(self, name: str) -> Bucket:
        """Return a bucket that is there."""
        if name not in self.buckets:
            raise ServiceFault("NoSuchBucket", "The specified bucket does not exist")
        return self.buckets[name]

    def stored(self, request: dict[str, Any]) -> Stored:
        """Return the object that a request names."""
        found = self.bucket(request["Bucket"]).objects.get(request["Key"])
        if found is None:
            raise ServiceFault("NoSuchKey", "The specified key does not exist.")
        return found

    # Buckets

    def CreateBucket(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a bucket, in this Region or in another one."""
        only(request, ("Bucket", "CreateBucketConfiguration", "ACL", *HEADERS))
        name = request["Bucket"]
        if not NAME.fullmatch(name):
            raise ServiceFault("InvalidBucketName", f"The specified bucket is not valid: {name}")
        if name in self.buckets:
            raise ServiceFault(
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
            )
        place = request.get("CreateBucketConfiguration", {}).get("LocationConstraint", REGION)
        grants = Grants(name)
        grants.put_list(request)
        self.buckets[name] = Bucket(name, place, self.account.calendar.date, grants)
        return {"Location": f"/{name}"}

    def HeadBucket(self, request: dict[str, Any]) -> dict[str, Any]:
        """Say whether a bucket is there, and in which Region."""
        return {"BucketRegion": self.bucket(request["Bucket"]).region}

    def ListBuckets(self, request: dict[str, Any]) -> dict[str, Any]:
        """List all buckets."""
        found = [{"Name": b.name, "CreationDate": b.created} for b in self.buckets.values()]
        return {"Buckets": found, "Owner": OWNER}

    def DeleteBucket(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove an empty bucket."""
        if self.bucket(request["Bucket"]).objects:
            raise ServiceFault("BucketNotEmpty", "The bucket you tried to delete is not empty")
        del self.buckets[request["Bucket"]]
        return {}

    # Objects

    def PutObject(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store an object, in the place of one that is there."""
        only(request, PUT.split())
        bucket = self.bucket(request["Bucket"])
        found = self.put(bucket, request["Key"], request.get("Body", b""))
        found.kind, found.notes = (
            request.get("ContentType", found.kind),
            request.get("Metadata", {}),
        )
        bucket.grants.put_list(request, request["Key"])
        return {"ETag": found.tag}

    def put(self, bucket: Bucket, key: str, content: bytes) -> Stored:
        """Store bytes under a key."""
        tag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        date = self.account.calendar.date.replace(microsecond=0)
        made = bucket.objects[key] = Stored(content, tag, date, "binary/octet-stream", {})
        return made

    def HeadObject(self, request: dict[str, Any]) -> dict[str, Any]:
        """Describe an object."""
        found = self.stored(request)
        return {
            "ContentLength": len(found.content),
            "ETag": found.tag,
            "LastModified": found.written,
            "ContentType": found.kind,
            "Metadata": found.notes,
            "AcceptRanges": "bytes",
        }

    def GetObject(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return an object, or a range of its bytes."""
        only(request, ("Bucket", "Key", "Range", "IfMatch", "ChecksumMode"))
        head, content = self.HeadObject(request), self.stored(request).content
        if request.get("IfMatch", head["ETag"]) != head["ETag"]:
            raise ServiceFault(
                "PreconditionFailed",
                "At least one of the pre-conditions you specified did not hold",
            )
        if "Range" not in request:
            return {**head, "Body": content}
        match = RANGE.fullmatch(request["Range"])
        if match is None or int(match[1]) >= len(content):
            raise ServiceFault("InvalidRange", "The requested range is not satisfiable")
        begin, end = int(match[1]), int(match[2] or len(content))
        body = content[begin : end + 1]
        told = f"bytes {begin}-{begin + len(body) - 1}/{len(content)}"
        return {**head, "Body": body, "ContentLength": len(body), "ContentRange": told}

    def DeleteObject(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove an object. One that is not there is no error."""
        self.bucket(request["Bucket"]).objects.pop(request["Key"], None)
        return {}

    def ListObjectsV2(self, request: dict[str, Any]) -> dict[str, Any]:
        """List a page of the objects; keys behind a delimiter are one CommonPrefix."""
        after = request.get("ContinuationToken") or request.get("StartAfter", "")
        found = self._page(request, after)
        rest = {"NextContinuationToken": found.pop("last")} if found["IsTruncated"] else {}
        found.pop("last", None)
        return {**found, "KeyCount": len(found["Contents"]) + len(found["CommonPrefixes"]), **rest}

    def ListObjects(self, request: dict[str, Any]) -> dict[str, Any]:
        """List a page of the objects, as older clients ask for it."""
        found = self._page(request, request.get("Marker", ""))
        return {**found, "NextMarker": found.pop("last") if found["IsTruncated"] else None}

    def _page(self, request: dict[str, Any], after: str) -> dict[str, Any]:
        only(request, LISTED.split())
        bucket, prefix = self.bucket(request["Bucket"]), request.get("Prefix", "")
        cut = request.get("Delimiter", "")
        found: dict[str, dict[str, Any] | None] = {}  # a key with its object, or a common prefix
        for key, held in sorted(bucket.objects.items()):
            head, mark, _ = key[len(prefix) :].partition(cut) if cut else (key, "", "")
            name = prefix + head + mark if mark else key
            if key.startswith(prefix) and name > after:
                found[name] = None if mark else _listed(key, held)
        most = min(request.get("MaxKeys", MOST_KEYS), MOST_KEYS)
        names = list(found)[:most]
        return {
            "Name": bucket.name,
            "Prefix": prefix,
            "MaxKeys": most,
            "IsTruncated": len(found) > most,
            "Contents": [found[name] for name in names if found[name]],
            "CommonPrefixes": [{"Prefix": name} for name in names if not found[name]],
            "last": names[-1] if names else "",
        }

    # Rights

    def PutBucketPolicy(self, request: dict[str, Any]) -> dict[str, Any]:
        """Set the policy of a bucket."""
        self.bucket(request["Bucket"]).grants.put_policy(request["Policy"])
        return {}

    def GetBucketPolicy(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the policy of a bucket, as it was put."""
        found = self.bucket(request["Bucket"]).grants.policy
        if not found:
            raise ServiceFault("NoSuchBucketPolicy", "The bucket policy does not exist")
        return {"Policy": found}

    def DeleteBucketPolicy(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove the policy of a bucket."""
        grants = self.bucket(request["Bucket"]).grants
        grants.policy, grants.statements = "", []
        return {}

    def PutBucketAcl(self, request: dict[str, Any]) -> dict[str, Any]:
        """Set who may do what with a bucket."""
        only(request, ACCESS.split())
        self.bucket(request["Bucket"]).grants.put_list(request)
        return {}

    def GetBucketAcl(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return who may do what with a bucket."""
        return self.bucket(request["Bucket"]).grants.shown()

    def PutObjectAcl(self, request: dict[str, Any]) -> dict[str, Any]:
        """Set who may do what with an object."""
        only(request, ACCESS.split())
        self.stored(request)
        self.bucket(request["Bucket"]).grants.put_list(request, request["Key"])
        return {}

    def GetObjectAcl(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return who may do what with an object."""
        self.stored(request)
        return self.bucket(request["Bucket"]).grants.shown(request["Key"])


def _listed(key: str, held: Stored) -> dict[str, Any]:
    return {
        "Key": key,
        "Size": len(held.content),
        "ETag": held.tag,
        "LastModified": held.written,
        "StorageClass": "STANDARD",
    }
