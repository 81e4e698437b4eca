"""Keys show themselves nowhere."""

import copy
import pickle
import traceback

import pytest

from brokerage.credentials import Credentials
from brokerage.transport import HttpRequest
from trading_system.core.secret import Secret

HIDDEN = "hidden-7f3a"


def test_a_secret_shows_itself_nowhere_but_where_it_is_revealed() -> None:
    secret = Secret(HIDDEN)
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret:>40}", "%s" % secret, f"{[secret]}"):  # noqa: UP031
        assert HIDDEN not in shown
    assert secret.reveal() == HIDDEN
    for write in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            write(secret)


def test_credentials_and_a_request_that_carries_them_show_nothing() -> None:
    credentials = Credentials(HIDDEN, HIDDEN)
    request = HttpRequest("GET", "https://x", "/", credentials=credentials)
    try:
        raise RuntimeError(request)
    except RuntimeError as error:
        shown = "".join(traceback.format_exception(error)) + repr(credentials) + str(request)
    assert HIDDEN not in shown
    assert "aGlkZGVu" not in shown


def test_half_a_key_is_refused() -> None:
    with pytest.raises(ValueError, match="both"):
        Credentials("id", "")
