"""TLS at the sockets of a server, by Python's ssl: the parameters whose names begin with "tls-".

References
----------
redis 7: tls.c. A server certificate and its key are needed; clients show one of their own unless
`tls-auth-clients` says "no" or "optional".
"""

import re
import ssl
from collections.abc import Mapping
from typing import Any

from cachesim.engines.redis.parameters import value_of
from cachesim.errors import BadInput

CLIENTS = {"yes": ssl.CERT_REQUIRED, "optional": ssl.CERT_OPTIONAL, "no": ssl.CERT_NONE}
VERSIONS = {"tlsv1": "TLSv1", "tlsv1.1": "TLSv1_1", "tlsv1.2": "TLSv1_2", "tlsv1.3": "TLSv1_3"}


class Tls(ssl.SSLContext):
    """What new connections are encrypted with. After `renew` it is another context for those that come."""

    settings: Mapping[str, Any]
    current: ssl.SSLContext

    def __new__(cls, settings: Mapping[str, Any]) -> "Tls":
        """Make a context by the parameters. Raises BadInput."""
        self = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        self.settings = settings
        self.renew()
        return self

    def wrap_bio(self, *arguments: Any, **options: Any) -> ssl.SSLObject:
        """Begin a connection."""
        return self.current.wrap_bio(*arguments, **options)

    def _value(self, name: str) -> Any:
        return value_of(self.settings, name)

    def _made(self) -> ssl.SSLContext:
        """Make a context by the parameters. Raises BadInput."""
        certificate, key = self._value("tls-cert-file"), self._value("tls-key-file")
        if not certificate or not key:
            raise BadInput(
                "TLS needs a certificate and its key; give --tls-cert-file and --tls-key-file"
            )
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key, self._value("tls-key-file-pass"))
            self._trust(context)
            self._choose(context)
        except (OSError, ValueError) as why:
            reason = getattr(why, "reason", None) or getattr(why, "strerror", None) or why
            raise BadInput(f"TLS cannot use {certificate} and {key}: {reason}") from None
        return context

    def _trust(self, context: ssl.SSLContext) -> None:
        """Say whose certificates count."""
        file, folder = self._value("tls-ca-cert-file"), self._value("tls-ca-cert-dir")
        clients = self._value("tls-auth-clients")
        if file or folder:
            context.load_verify_locations(file or None, folder or None)
        elif clients != "no":
            raise ValueError(
                "tls-ca-cert-file is missing, so no client's certificate can be checked"
            )
        context.verify_mode = CLIENTS[clients]

    def _choose(self, context: ssl.SSLContext) -> None:
        """Choose versions of the protocol, and ciphers."""
        words = re.split("[ ,]+", self._value("tls-protocols").lower().strip())
        if words != [""]:
            if unknown := set(words) - VERSIONS.keys():
                raise ValueError(f"unknown protocol {unknown.pop()}")
            versions = sorted(ssl.TLSVersion[VERSIONS[word]] for word in words)
            context.minimum_version, context.maximum_version = versions[0], versions[-1]
        if ciphers := self._value("tls-ciphers"):
            context.set_ciphers(ciphers)
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
        if self._value("tls-prefer-server-ciphers") == "yes":
            context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE

    def renew(self) -> None:
        """Read the parameters again. Raises BadInput, and then nothing changes."""
        self.current = self._made()
