"""Keys come from the environment or `.env`, never get back into the environment, and never show."""

import os
import pickle

import pytest

from trading_system.core.errors import ConfigError
from trading_system.settings.environment import Environment
from trading_system.settings.load import load_settings


@pytest.fixture
def project(desk, tmp_path, monkeypatch):
    """A project folder with `configs/`; the working directory is another one."""
    configs = tmp_path / "project" / "configs"
    configs.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    desk.folder = configs
    desk.write("strategies: {}")
    monkeypatch.chdir(tmp_path / "elsewhere")
    for name in ("THE_KEY", "OTHER_KEY"):
        monkeypatch.delenv(name, raising=False)
    return configs.parent


def test_a_key_is_read_from_the_dot_env_beside_the_configuration_but_not_put_into_the_environment(project):
    (project / ".env").write_text("THE_KEY=abc${HOME}$x\n# a comment\nEMPTY=\nNAKED\n")
    environment = load_settings(project / "configs").environment
    assert environment.secret("THE_KEY").reveal() == "abc${HOME}$x"
    assert "THE_KEY" not in os.environ
    assert not environment.has("EMPTY")
    assert not environment.has("NAKED")


def test_the_working_directory_comes_first_and_the_real_environment_wins(project, monkeypatch):
    (project / ".env").write_text("THE_KEY=beside\n")
    (project.parent / "elsewhere" / ".env").write_text("THE_KEY=here\nOTHER_KEY=written\n")
    monkeypatch.setenv("OTHER_KEY", "exported")
    environment = load_settings(project / "configs").environment
    assert environment.get("THE_KEY") == "here"
    assert environment.get("OTHER_KEY") == "exported"


def test_a_given_environment_is_the_only_one(project):
    (project / ".env").write_text("THE_KEY=abc\n")
    assert not load_settings(project / "configs", environment={"X": "1"}).environment.has("THE_KEY")


def test_a_dot_env_that_is_not_text_is_told(project):
    (project / ".env").write_bytes(b"THE_KEY=\xff\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(project / "configs")
    assert caught.value.problems == (f"{project.resolve()}/.env: the file is not UTF-8 text: save it as UTF-8",)


@pytest.mark.parametrize("values", [{}, {"THE_KEY": ""}, {"THE_KEY": " "}])
def test_a_missing_key_says_where_to_write_it(values):
    with pytest.raises(ConfigError, match=r"THE_KEY is not set: write 'THE_KEY=\.\.\.' into the file \.env"):
        Environment(values).secret("THE_KEY")


def test_a_secret_never_shows(desk):
    desk.write("strategies: {}")
    settings = load_settings(desk.folder, environment={"THE_KEY": "hush"})
    secret = settings.environment.secret("THE_KEY")
    assert "hush" not in f"{secret} {secret!r} {settings} {settings.environment!r} {[secret]}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_a_plain_value_has_a_default():
    assert Environment({"NO_COLOR": "1"}).get("NO_COLOR") == "1"
    assert Environment({}).get("NO_COLOR") is None
    assert Environment({}).get("NO_COLOR", "x") == "x"
