"""Opens each account of `accounts.py` once for all contract tests."""

from collections.abc import Iterator

import pytest

from tests.contract.accounts import ACCOUNTS, Account


@pytest.fixture(scope="session", params=ACCOUNTS)
def account(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with ACCOUNTS[request.param](tmp_path_factory.mktemp(request.param)) as opened:
        yield opened
