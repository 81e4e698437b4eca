"""A key or password that cannot be shown by accident; handed out by `Environment`, revealed only where a request is signed."""


class Secret:
    """Holds a secret text; printing, formatting and logging it shows stars."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written to files")
