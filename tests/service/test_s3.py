"""S3: an unmodified boto3 in process and over HTTP; rights; addresses."""

import io
import json
import threading

import pytest

boto3 = pytest.importorskip("boto3", reason="needs the extra aws")

from botocore.config import Config  # noqa: E402

from cachesim.service.grants import SNAPSHOTS, SNAPSHOTS_ID  # noqa: E402
from cachesim.service.wire.loopback import Door  # noqa: E402
from cachesim.service.wire.s3 import HttpRequest, place_of  # noqa: E402
from cachesim.service.wire.times import FrozenTime  # noqa: E402
from tests.service.test_iam import allow, user  # noqa: E402
from tests.service.test_loopback import client as elsewhere  # noqa: E402


@pytest.fixture(params=["in process", "over HTTP"])
def s3(request, cloud):
    """A client of S3, through either door."""
    if request.param == "in process":
        yield cloud.client("s3")
        return
    opened = Door(cloud.account, 0, FrozenTime(cloud.account))
    served = threading.Thread(target=opened.serve_forever, daemon=True)
    served.start()
    yield elsewhere(opened, "s3")
    opened.shutdown()
    opened.server_close()
    served.join()


def code(client, call, **arguments):
    """Return the code and the status of an error."""
    with pytest.raises(client.exceptions.ClientError) as found:
        getattr(client, call)(**arguments)
    answer = found.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_a_file_up_and_down(s3, tmp_path, cloud):
    """upload_file, head, download_file: the same bytes, and the date is simulated."""
    there, back = tmp_path / "there.rdb", tmp_path / "back.rdb"
    there.write_bytes(bytes(range(256)) * 400)
    s3.create_bucket(Bucket="seeds")
    cloud.advance(minutes=5)
    s3.upload_file(str(there), "seeds", "a b/öl.rdb", ExtraArgs={"Metadata": {"made": "by-hand"}})
    s3.download_file("seeds", "a b/öl.rdb", str(back))
    head = s3.head_object(Bucket="seeds", Key="a b/öl.rdb")

    assert there.read_bytes() == back.read_bytes()
    assert (102_400, {"made": "by-hand"}) == (head["ContentLength"], head["Metadata"])
    assert cloud.account.calendar.date == head["LastModified"]
    assert cloud.account.calendar.start == s3.list_buckets()["Buckets"][0]["CreationDate"]


def test_a_large_file_goes_in_parts(s3, tmp_path):
    """Above 8 MB clients send parts and fetch ranges; the tag says how many parts there were."""
    there, back = tmp_path / "there.rdb", tmp_path / "back.rdb"
    there.write_bytes(bytes(range(251)) * 70_000)
    s3.create_bucket(Bucket="seeds")
    s3.upload_file(str(there), "seeds", "k", ExtraArgs={"ContentType": "a/b"})
    s3.download_file("seeds", "k", str(back))
    head = s3.head_object(Bucket="seeds", Key="k")

    assert there.read_bytes() == back.read_bytes()
    assert ("a/b", '-3"') == (head["ContentType"], head["ETag"][-3:])


def test_an_upload_that_is_not_complete(s3):
    """Nothing is stored before all parts are named as they came; an upload that ended is gone."""
    s3.create_bucket(Bucket="seeds")
    asked = {"Bucket": "seeds", "Key": "k"}
    asked["UploadId"] = s3.create_multipart_upload(**asked)["UploadId"]
    tag = s3.upload_part(**asked, PartNumber=1, Body=b"x")["ETag"]
    for parts in ([], [{"PartNumber": 2, "ETag": tag}], [{"PartNumber": 1, "ETag": '"y"'}]):
        wrong = code(s3, "complete_multipart_upload", **asked, MultipartUpload={"Parts": parts})
        assert ("InvalidPart", 400) == wrong
    s3.abort_multipart_upload(**asked)
    assert ("NoSuchUpload", 404) == code(s3, "abort_multipart_upload", **asked)
    assert ("404", 404) == code(s3, "head_object", Bucket="seeds", Key="k")


def test_bodies_of_every_kind(s3):
    """Bytes, text in a file object, nothing; ranges of them."""
    s3.create_bucket(Bucket="seeds")
    s3.put_object(Bucket="seeds", Key="bytes", Body=b"0123456789")
    s3.put_object(Bucket="seeds", Key="file", Body=io.BytesIO(b"abc"), ChecksumAlgorithm="SHA256")
    s3.put_object(Bucket="seeds", Key="nothing")

    def body(key, **more):
        return s3.get_object(Bucket="seeds", Key=key, **more)["Body"].read()

    assert [b"0123456789", b"abc", b""] == [body(key) for key in ("bytes", "file", "nothing")]
    assert b"234" == body("bytes", Range="bytes=2-4")
    assert ("InvalidRange", 416) == code(
        s3, "get_object", Bucket="seeds", Key="bytes", Range="bytes=20-"
    )
    assert (
        '"900150983cd24fb0d6963f7d28e17f72"' == s3.head_object(Bucket="seeds", Key="file")["ETag"]
    )


def test_long_lists(s3, cloud):
    """Pages of the paginator of either operation, prefixes, and folders."""
    s3.create_bucket(Bucket="seeds")
    desk = cloud.desk("s3")
    for number in range(45):
        desk.PutObject({"Bucket": "seeds", "Key": f"{number % 3}/k{number:02}&", "Body": b"x"})
    for operation in ("list_objects_v2", "list_objects"):
        pages = [
            [each["Key"] for each in page["Contents"]]
            for page in s3.get_paginator(operation).paginate(
                Bucket="seeds", PaginationConfig={"PageSize": 20}
            )
        ]
        assert [20, 20, 5] == [len(page) for page in pages]
        assert sorted(f"{n % 3}/k{n:02}&" for n in range(45)) == [
            key for page in pages for key in page
        ]
    inner = s3.list_objects_v2(Bucket="seeds", Prefix="1/")
    outer = s3.list_objects_v2(Bucket="seeds", Delimiter="/")

    assert 15 == inner["KeyCount"]
    assert ["0/", "1/", "2/"] == [each["Prefix"] for each in outer["CommonPrefixes"]]


def test_what_is_not_there(s3):
    """Codes and statuses of S3; a HEAD has no body, so its code is the status."""
    s3.create_bucket(Bucket="seeds")
    assert ("NoSuchBucket", 404) == code(s3, "get_object", Bucket="none", Key="x")
    assert ("NoSuchKey", 404) == code(s3, "get_object", Bucket="seeds", Key="x")
    assert ("404", 404) == code(s3, "head_object", Bucket="seeds", Key="x")
    assert ("404", 404) == code(s3, "head_bucket", Bucket="none")
    assert ("NoSuchBucketPolicy", 404) == code(s3, "get_bucket_policy", Bucket="seeds")
    assert ("BucketAlreadyOwnedByYou", 409) == code(s3, "create_bucket", Bucket="seeds")
    assert ("InvalidBucketName", 400) == code(s3, "create_bucket", Bucket="no..dots")
    assert ("MalformedPolicy", 400) == code(s3, "put_bucket_policy", Bucket="seeds", Policy="{")
    assert ("NotImplemented", 400) == code(s3, "get_bucket_tagging", Bucket="seeds")
    s3.put_object(Bucket="seeds", Key="x")
    assert ("BucketNotEmpty", 409) == code(s3, "delete_bucket", Bucket="seeds")
    s3.delete_object(Bucket="seeds", Key="x")
    s3.delete_object(Bucket="seeds", Key="x")
    s3.delete_bucket(Bucket="seeds")
    assert [] == s3.list_buckets()["Buckets"]


def test_lists_of_rights(s3, cloud):
    """By headers, or as a document; they come back with the owner's."""
    s3.create_bucket(Bucket="out")
    grants = cloud.desk("s3").bucket("out").grants
    s3.put_bucket_acl(
        Bucket="out", GrantRead=f'id="{SNAPSHOTS_ID}"', GrantWrite=f"id={SNAPSHOTS_ID}"
    )
    assert [True, True, False] == [grants.allows(each) for each in ("READ", "WRITE", "READ_ACP")]
    found = s3.get_bucket_acl(Bucket="out")
    assert ["FULL_CONTROL", "READ", "WRITE"] == [each["Permission"] for each in found["Grants"]]
    assert {"CanonicalUser"} == {each["Grantee"]["Type"] for each in found["Grants"]}

    full = {"Grantee": {"ID": SNAPSHOTS_ID, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}
    s3.put_bucket_acl(Bucket="out", AccessControlPolicy={"Grants": [full], "Owner": found["Owner"]})
    assert all(grants.allows(each) for each in ("READ", "WRITE", "READ_ACP"))
    s3.put_object(Bucket="out", Key="k")
    assert not grants.allows("READ_OBJECT", "k")
    s3.put_object_acl(Bucket="out", Key="k", GrantRead=f"id={SNAPSHOTS_ID}")
    assert grants.allows("READ_OBJECT", "k")


def test_a_denial_wins(s3, cloud):
    """Over what the policy, or a list, allows; a condition is refused."""
    s3.create_bucket(Bucket="out")
    allow = {
        "Effect": "Allow", "Principal": {"Service": SNAPSHOTS}, "Action": "s3:*",
        "Resource": ["arn:aws:s3:::out", "arn:aws:s3:::out/*"],
    }  # fmt: skip
    deny = {**allow, "Effect": "Deny", "Action": ["s3:PutObject"]}
    s3.put_bucket_policy(Bucket="out", Policy=json.dumps({"Statement": [allow, deny]}))
    grants = cloud.desk("s3").bucket("out").grants
    assert [True, False] == [grants.allows(each, "k") for each in ("READ_OBJECT", "WRITE")]
    if_any = json.dumps({"Statement": {**allow, "Condition": {}}})
    assert "NotImplemented" == code(s3, "put_bucket_policy", Bucket="out", Policy=if_any)[0]
    s3.delete_bucket_policy(Bucket="out")
    assert not grants.allows("READ_OBJECT", "k")


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_both_styles_of_addresses(style):
    """The bucket in the path or in the host."""
    made = boto3.Session(
        aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1"
    ).client("s3", config=Config(s3={"addressing_style": style}))
    url = made.generate_presigned_url("get_object", Params={"Bucket": "seeds", "Key": "a/b.rdb"})

    assert ("seeds", "a/b.rdb") == place_of(HttpRequest("GET", url, {}, b""))
    assert ("seeds", "a") == place_of(
        HttpRequest("GET", "/a", {"Host": "seeds.localhost:4566"}, b"")
    )


def test_iam_asks_for_a_bucket_or_an_object(cloud):
    """Its actions are fewer than its operations: HeadObject is GetObject, ListObjects is ListBucket."""
    root = cloud.client("s3")
    for name in ("seeds", "others"):
        root.create_bucket(Bucket=name)
        root.put_object(Bucket=name, Key="a.rdb", Body=b"x")
    seeds = "arn:aws:s3:::seeds"
    rights = allow("s3:GetObject", f"{seeds}/*.rdb"), allow("s3:ListBucket", seeds)
    ada = cloud.client("s3", access_key=user(cloud, *rights))

    assert 1 == ada.head_object(Bucket="seeds", Key="a.rdb")["ContentLength"]
    assert 1 == ada.list_objects_v2(Bucket="seeds")["KeyCount"]
    for call, request in (
        ("get_object", {"Bucket": "others", "Key": "a.rdb"}),
        ("put_object", {"Bucket": "seeds", "Key": "b.rdb", "Body": b"x"}),
        ("list_objects_v2", {"Bucket": "others"}),
        ("create_bucket", {"Bucket": "mine"}),
        ("list_buckets", {}),
    ):
        assert ("AccessDenied", 403) == code(ada, call, **request)
    assert ("403", 403) == code(ada, "head_object", Bucket="others", Key="a.rdb")
