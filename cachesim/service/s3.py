"""The desk of S3, as far as seeds and exported snapshots need it: buckets, objects, rights."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime

from cachesim.service.account import REGION, Account
from cachesim.service.desks import Answer, ServiceDesk
from cachesim.service.faults import needed, refuse_if
from cachesim.service.grants import OWNER, Grants
from cachesim.service.tables import in_shape

NAME = re.compile(r"[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]")
RANGE = re.compile(r"bytes=(\d+)-(\d*)")
MOST_KEYS = 1000  # of a page


@dataclass
class Stored:
    """An object."""

    key: str
    content: bytes
    tag: str
    written: datetime
    kind: str = "binary/octet-stream"
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Its bytes."""
        return len(self.content)


@dataclass
class Bucket:
    """A bucket: its objects by their keys, and who may do what with them."""

    name: str
    region: str
    created: datetime
    grants: Grants
    objects: dict[str, Stored] = field(default_factory=dict)


class S3(ServiceDesk):
    """The desk of S3. Checksums are taken and not looked at: on loopback no byte is lost.

    >>> desk = S3(Account())
    >>> desk.CreateBucket({"Bucket": "seeds"})
    {'Location': '/seeds'}
    >>> put = desk.PutObject({"Bucket": "seeds", "Key": "a.rdb", "Body": b"REDIS0010"})
    >>> desk.GetObject({"Bucket": "seeds", "Key": "a.rdb"})["Body"]
    b'REDIS0010'
    """

    service = "s3"

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.buckets: dict[str, Bucket] = {}
        self.uploads: dict[str, tuple[Answer, dict[int, bytes]]] = {}  # request, parts by number

    def bucket(self, name: str) -> Bucket:
        """Return a bucket that is there."""
        return needed(self.buckets.get(name), "no bucket")

    def _stored(self, request: Answer) -> Stored:
        return needed(self.bucket(request["Bucket"]).objects.get(request["Key"]), "no object")

    # Buckets

    def CreateBucket(self, request: Answer) -> Answer:
        """Make a bucket, in this Region or in another one."""
        name, grants = request["Bucket"], Grants(request["Bucket"])
        refuse_if(not NAME.fullmatch(name), "bucket name", name)
        refuse_if(name in self.buckets, "bucket exists")
        place = request.get("CreateBucketConfiguration", {}).get("LocationConstraint", REGION)
        grants.put_list(request)
        self.buckets[name] = Bucket(name, place, self.date, grants)
        return {"Location": f"/{name}"}

    def HeadBucket(self, request: Answer) -> Answer:
        """Say whether a bucket is there, and in which Region."""
        return {"BucketRegion": self.bucket(request["Bucket"]).region}

    def ListBuckets(self, request: Answer) -> Answer:
        """List all buckets."""
        found = [{"Name": b.name, "CreationDate": b.created} for b in self.buckets.values()]
        return {"Buckets": found, "Owner": OWNER}

    def DeleteBucket(self, request: Answer) -> None:
        """Remove an empty bucket."""
        refuse_if(self.bucket(request["Bucket"]).objects, "bucket not empty")
        del self.buckets[request["Bucket"]]

    # Objects

    def PutObject(self, request: Answer) -> Answer:
        """Store an object, in the place of one that is there."""
        bucket = self.bucket(request["Bucket"])
        bucket.grants.put_list(request, request["Key"])
        made = self.put(bucket, request["Key"], request.get("Body", b""))
        made.kind, made.notes = request.get("ContentType", made.kind), request.get("Metadata", {})
        return {"ETag": made.tag}

    def put(self, bucket: Bucket, key: str, content: bytes) -> Stored:
        """Store bytes under a key."""
        date = self.date.replace(microsecond=0)
        made = bucket.objects[key] = Stored(key, content, tag_of([content]), date)
        return made

    def HeadObject(self, request: Answer) -> Answer:
        """Describe an object."""
        return in_shape("object", self._stored(request))

    def GetObject(self, request: Answer) -> Answer:
        """Return an object, or a range of its bytes."""
        stored = self._stored(request)
        head, size = in_shape("object", stored), stored.size
        refuse_if(request.get("IfMatch", stored.tag) != stored.tag, "another tag")
        if "Range" not in request:
            return {**head, "Body": stored.content}
        match = RANGE.fullmatch(request["Range"])
        begin, end = (int(match[1]), int(match[2] or size)) if match else (size, size)
        refuse_if(begin >= size, "no such range")
        body = stored.content[begin : end + 1]
        told = f"bytes {begin}-{begin + len(body) - 1}/{size}"
        return {**head, "Body": body, "ContentLength": len(body), "ContentRange": told}

    def DeleteObject(self, request: Answer) -> None:
        """Remove an object. One that is not there is no error."""
        self.bucket(request["Bucket"]).objects.pop(request["Key"], None)

    def ListObjectsV2(self, request: Answer) -> Answer:
        """List a page of the objects; keys behind a delimiter are one CommonPrefix."""
        after = request.get("ContinuationToken") or request.get("StartAfter", "")
        found, last = self._page(request, after)
        count = len(found["Contents"]) + len(found["CommonPrefixes"])
        return {**found, "KeyCount": count, "NextContinuationToken": last}

    def ListObjects(self, request: Answer) -> Answer:
        """List a page of the objects, as older clients ask for it."""
        found, last = self._page(request, request.get("Marker", ""))
        owned = [{**each, "Owner": OWNER} for each in found["Contents"]]
        return {**found, "Contents": owned, "NextMarker": last}

    def _page(self, request: Answer, after: str) -> tuple[Answer, str | None]:
        """Return the keys after a name, or their prefixes; and the last of them, if there are more."""
        bucket, prefix = self.bucket(request["Bucket"]), request.get("Prefix", "")
        found: dict[str, list[Answer]] = {}  # a key with its object, or a common prefix
        for key, held in sorted(bucket.objects.items()):
            head, mark, _ = key[len(prefix) :].partition(request.get("Delimiter") or "\0")
            name = prefix + head + mark if mark else key
            if key.startswith(prefix) and name > after:
                found[name] = [] if mark else [in_shape("listed object", held)]
        most = min(request.get("MaxKeys", MOST_KEYS), MOST_KEYS)
        names, more = list(found)[:most], len(found) > most
        page: Answer = {"Name": bucket.name, "Prefix": prefix, "MaxKeys": most, "IsTruncated": more}
        page["Contents"] = [each for name in names for each in found[name]]
        page["CommonPrefixes"] = [{"Prefix": name} for name in names if not found[name]]
        return page, names[-1] if more else None

    # Objects that come in parts, as clients send those above 8 MB

    def CreateMultipartUpload(self, request: Answer) -> Answer:
        """Begin an object of parts."""
        self.bucket(request["Bucket"])
        name = self.account.request_id()
        self.uploads[name] = (request, {})
        return {"Bucket": request["Bucket"], "Key": request["Key"], "UploadId": name}

    def _upload(self, request: Answer) -> tuple[Answer, dict[int, bytes]]:
        return needed(self.uploads.get(request["UploadId"]), "no upload")

    def UploadPart(self, request: Answer) -> Answer:
        """Take a part."""
        body = self._upload(request)[1][request["PartNumber"]] = request.get("Body", b"")
        return {"ETag": tag_of([body])}

    def CompleteMultipartUpload(self, request: Answer) -> Answer:
        """Store the object that the named parts are."""
        begun, held = self._upload(request)
        named = request.get("MultipartUpload", {}).get("Parts", [])
        parts = [held.get(each["PartNumber"], b"") for each in named]
        differ = [each["ETag"] for each in named] != [tag_of([part]) for part in parts]
        refuse_if(differ or not parts, "no part")
        self.PutObject({**begun, "Body": b"".join(parts)})
        self._stored(begun).tag = tag_of(parts)
        del self.uploads[request["UploadId"]]
        bucket, key = begun["Bucket"], begun["Key"]
        place = f"https://{bucket}.s3.amazonaws.com/{key}"
        return {"Bucket": bucket, "Key": key, "ETag": tag_of(parts), "Location": place}

    def AbortMultipartUpload(self, request: Answer) -> None:
        """Forget the parts."""
        needed(self.uploads.pop(request["UploadId"], None), "no upload")

    # Rights

    def PutBucketPolicy(self, request: Answer) -> None:
        """Set the policy of a bucket."""
        self.bucket(request["Bucket"]).grants.put_policy(request["Policy"])

    def GetBucketPolicy(self, request: Answer) -> Answer:
        """Return the policy of a bucket, as it was put."""
        return {"Policy": needed(self.bucket(request["Bucket"]).grants.policy or None, "no policy")}

    def DeleteBucketPolicy(self, request: Answer) -> None:
        """Remove the policy of a bucket."""
        self.bucket(request["Bucket"]).grants.policy = ""

    def PutBucketAcl(self, request: Answer) -> None:
        """Set who may do what with a bucket, or with an object."""
        grants, key = self._listed(request)
        grants.put_list(request, key)

    def GetBucketAcl(self, request: Answer) -> Answer:
        """Return who may do what with a bucket, or with an object."""
        grants, key = self._listed(request)
        return grants.shown(key)

    def _listed(self, request: Answer) -> tuple[Grants, str]:
        """Return the rights of a bucket, and the key of the object that is meant, if one is."""
        key = self._stored(request).key if "Key" in request else ""
        return self.bucket(request["Bucket"]).grants, key

    PutObjectAcl, GetObjectAcl = PutBucketAcl, GetBucketAcl


def tag_of(parts: list[bytes]) -> str:
    """Return the ETag of an object: of several parts it is made from theirs, and tells how many.

    >>> tag_of([b""]), tag_of([b"", b""])[-3:]
    ('"d41d8cd98f00b204e9800998ecf8427e"', '-2"')
    """
    tags = [hashlib.md5(part, usedforsecurity=False) for part in parts]
    if len(tags) == 1:
        return f'"{tags[0].hexdigest()}"'
    whole = hashlib.md5(b"".join(tag.digest() for tag in tags), usedforsecurity=False)
    return f'"{whole.hexdigest()}-{len(tags)}"'
