"""pip's settings, as other tools are told them."""

import os

from scripts.environments.pip_settings import PipSettings, parse, read, uv_environment

LISTING = """\
:env:.find-links='/wheels/more'
:env:.default-timeout='180'
global.cert='/etc/ca.pem'
global.extra-index-url='file:///a/simple\\nfile:///b/simple'
global.find-links='/wheels'
global.index-url='http://127.0.0.1:1/simple'
global.proxy='http://127.0.0.1:4'
install.index-url='http://127.0.0.1:2/simple'
"""


def test_settings_are_read_as_pip_ranks_them():
    assert parse(LISTING) == PipSettings(
        index_url="http://127.0.0.1:2/simple",
        extra_index_urls=["file:///a/simple", "file:///b/simple"],
        find_links=["/wheels/more"],
        cert="/etc/ca.pem",
        proxy="http://127.0.0.1:4",
        timeout=180.0,
    )


def test_nothing_set_is_pip_s_own_default():
    assert parse("") == PipSettings()


def test_uv_is_told_and_what_the_user_told_uv_stays():
    env = uv_environment(parse(LISTING), {"UV_FIND_LINKS": "/mine", "PATH": "/bin"})
    assert env["UV_DEFAULT_INDEX"] == "http://127.0.0.1:2/simple"
    assert env["UV_INDEX"] == "file:///a/simple file:///b/simple"
    assert env["UV_FIND_LINKS"] == "/mine"
    assert env["SSL_CERT_FILE"] == "/etc/ca.pem"
    assert env["UV_HTTP_TIMEOUT"] == "180"
    assert "UV_NO_INDEX" not in env


def test_without_an_index_of_the_user_s_it_is_pip_s_default(monkeypatch):
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    assert read().index_url.endswith("/simple")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:3/simple")
    assert read().index_url == "http://127.0.0.1:3/simple"
