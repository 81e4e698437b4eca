"""Holds a shot back while a strategy is inside one of the house's verbs: a verb is done wholly or not at all.

The desk holds it up; the hook guard asks it before it raises.
"""


class HookTimeout(BaseException):
    """Raised inside a hook that took too long; not an Exception, so that a hook's own `except Exception` does not swallow it."""


class Shield:
    """Up while `held`. A shot that lands then raises as the last verb is left, which is inside the hook still. Main thread only."""

    __slots__ = ("_held", "_is_due")

    def __init__(self) -> None:
        self._held = 0
        self._is_due = False

    def __enter__(self) -> None:
        self._held += 1

    def __exit__(self, *error: object) -> None:
        self._held -= 1
        if not self._held and self._is_due:
            self._is_due = False
            raise HookTimeout

    def land(self) -> None:
        """Raise HookTimeout now, or as soon as the shield is down."""
        if self._held:
            self._is_due = True
        else:
            raise HookTimeout

    def forget(self) -> None:
        """Let a new hook begin with no shot in the air."""
        self._is_due = False
