"""The key a venue knows us by, wrapped so that it cannot be printed. Read by transports only; never logged, journaled or put in an
error.
"""

import base64

from trading_system.core.secret import Secret


class Credentials:
    """A key id and its secret for HTTP Basic authentication."""

    __slots__ = ("key_id", "key_secret")

    def __init__(self, key_id: str | Secret, key_secret: str | Secret) -> None:
        self.key_id = key_id if isinstance(key_id, Secret) else Secret(key_id)
        self.key_secret = key_secret if isinstance(key_secret, Secret) else Secret(key_secret)
        if not self.key_id or not self.key_secret:
            raise ValueError("a key needs both its id and its secret")

    def __repr__(self) -> str:
        return "Credentials(***)"

    def authorization(self) -> str:
        """Return the value of the `Authorization` header (RFC 7617, UTF-8)."""
        pair = f"{self.key_id.reveal()}:{self.key_secret.reveal()}"
        return "Basic " + base64.b64encode(pair.encode()).decode("ascii")
