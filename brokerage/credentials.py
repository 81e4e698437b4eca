"""The key a venue knows us by, wrapped so that it cannot be printed. Read by transports only; never logged, journaled or put in an
error.
"""

import base64


class Secret:
    """A text that shows itself as `***` wherever it is printed, formatted or logged."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself: for the wire, and nowhere else."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, specification: str) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not written anywhere")


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
