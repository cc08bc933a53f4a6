"""Certificates for the tests, made by openssl when they are needed. None is kept."""

import subprocess

from tests.wire.real import needed


def make_certificates(folder):
    """Make ca.crt, and server.crt and client.crt with their keys."""
    needed("openssl")
    sign = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"]
    key = ["-newkey", "rsa:2048", "-nodes"]
    run(folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=ca")
    for name in ("server", "client"):
        files = ["-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}"]
        run(folder, "req", *key, *files)
        run(folder, "x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.crt", *sign)
    return {
        "tls-cert-file": str(folder / "server.crt"),
        "tls-key-file": str(folder / "server.key"),
        "tls-ca-cert-file": str(folder / "ca.crt"),
    }


def run(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
