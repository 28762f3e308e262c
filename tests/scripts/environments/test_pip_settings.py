"""pip's settings, as other tools are told them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.common.errors import SiteError
from scripts.environments.pip_settings import PipSettings, parse, read, uv_environment, uv_options
from tests.scripts.sources.local_index import Index

LISTING = """\
:env:.find-links='/wheels/more'
:env:.default-timeout='180'
global.cert='/etc/ca.pem'
global.client-cert='/etc/own.pem'
global.extra-index-url='file:///a/simple\\nfile:///b/simple'
global.find-links='/wheels'
global.index-url='http://127.0.0.1:1/simple'
global.proxy='http://127.0.0.1:4'
global.retries='7'
install.index-url='http://127.0.0.1:2/simple'
"""
MIRROR = "http://mirror.invalid/simple"


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """The settings that pip has from a file's text and from variables, and from nothing else."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / "pip.conf"
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))

    def settings(text: str = "", **variables: str) -> PipSettings:
        file.write_bytes(text.encode("latin-1"))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return read()

    settings.file = file
    return settings


def test_settings_are_read_as_pip_ranks_them():
    assert parse(LISTING) == PipSettings(
        index_url="http://127.0.0.1:2/simple",
        extra_index_urls=["file:///a/simple", "file:///b/simple"],
        find_links=["/wheels/more"],
        cert="/etc/ca.pem",
        client_cert="/etc/own.pem",
        proxy="http://127.0.0.1:4",
        timeout=180.0,
        retries=7,
    )


def test_nothing_set_is_pip_s_own_default():
    assert parse("") == PipSettings()


def test_an_empty_value_is_none_as_in_pip():
    assert parse(f":env:.index-url=''\nglobal.index-url='{MIRROR}'").index_url == MIRROR


def test_an_option_s_other_names_are_read_too():
    assert parse(f"global.pypi-url='{MIRROR}'").index_url == MIRROR
    assert parse("global.timeout='3'\n:env:.default-timeout='4'").timeout == 4
    assert parse("global.default-timeout='3'\n:env:.timeout='4'").timeout == 4


def test_uv_is_told_and_what_the_user_told_uv_stays():
    env = uv_environment(parse(LISTING), {"UV_FIND_LINKS": "/mine", "PATH": "/bin"})
    assert env["UV_DEFAULT_INDEX"] == "http://127.0.0.1:2/simple"
    assert env["UV_INDEX"] == "file:///a/simple file:///b/simple"
    assert env["UV_FIND_LINKS"] == "/mine"
    assert env["SSL_CERT_FILE"] == "/etc/ca.pem"
    assert env["SSL_CLIENT_CERT"] == "/etc/own.pem"
    assert env["UV_HTTP_TIMEOUT"] == "180"
    assert env["UV_HTTP_RETRIES"] == "7"
    assert {env[name] for name in ("HTTP_PROXY", "https_proxy", "ALL_PROXY")} == {"http://127.0.0.1:4"}
    assert "UV_NO_INDEX" not in env and uv_options(parse(LISTING)) == []


def test_a_folder_of_certificates_is_told_as_one(tmp_path):
    env = uv_environment(PipSettings(cert=str(tmp_path)), {})
    assert env["SSL_CERT_DIR"] == str(tmp_path) and "SSL_CERT_FILE" not in env


def test_pip_s_proxy_goes_before_the_environment_s_as_in_pip():
    env = uv_environment(PipSettings(proxy="127.0.0.1:4"), {"https_proxy": "http://127.0.0.1:5"})
    assert env["https_proxy"] == env["HTTPS_PROXY"] == "http://127.0.0.1:4"
    assert uv_environment(PipSettings(), {"https_proxy": "http://127.0.0.1:5"})["https_proxy"] == "http://127.0.0.1:5"


def test_without_an_index_of_the_user_s_it_is_pip_s_default(configured):
    assert configured().index_url.endswith("/simple")
    assert configured(PIP_INDEX_URL="http://127.0.0.1:3/simple").index_url == "http://127.0.0.1:3/simple"


@pytest.mark.parametrize("word", ["1", "true", "t", "yes", "y", "on", "Y", "TRUE", "On"])
def test_pip_s_words_for_yes(configured, word):
    assert configured(PIP_NO_INDEX=word).no_index
    assert configured(f"[global]\nno-index = {word}\n").no_index


@pytest.mark.parametrize("word", ["0", "false", "f", "no", "n", "off", "N", "FALSE", ""])
def test_pip_s_words_for_no(configured, word):
    assert not configured(f"[install]\nno-index = {word}\n").no_index


def test_places_of_this_machine_are_given_in_full(configured, tmp_path, monkeypatch):
    (tmp_path / "wheels").mkdir()
    (tmp_path / "own.pem").touch()
    monkeypatch.chdir(tmp_path)
    settings = configured(
        "[global]\nfind-links = ~/wheels ./wheels ~/none http://127.0.0.1/~me/\n"
        "cert = ~/own.pem\nclient-cert = own.pem\n"
    )
    wheels, certificate = str(tmp_path / "wheels"), str(tmp_path / "own.pem")
    assert settings.find_links == [wheels, wheels, "~/none", "http://127.0.0.1/~me/"]
    assert (settings.cert, settings.client_cert) == (certificate, certificate)
    assert settings.wheel_folders == [tmp_path / "wheels"] * 2
    # What is not there is passed over by pip; it would end uv.
    assert uv_environment(settings, {})["UV_FIND_LINKS"] == f"{wheels},{wheels},http://127.0.0.1/~me/"


def test_a_folder_s_address_is_a_folder(tmp_path):
    folder = tmp_path / "my wheels"
    folder.mkdir()
    assert PipSettings(find_links=[folder.as_uri()]).wheel_folders == [folder]


UV = Path(sys.executable).parent / "uv"


def uv(settings: PipSettings, tmp_path: Path) -> subprocess.CompletedProcess:
    """uv's own search for `tiny`, nothing installed, with nothing but what the settings tell it."""
    base = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "UV_CACHE_DIR": str(tmp_path / "uv-cache")}
    options = ["--no-config", "--dry-run", "--target", str(tmp_path / "target"), *uv_options(settings)]
    command = [str(UV), "pip", "install", *options, "--python", sys.executable, "tiny"]
    env = uv_environment(settings, base)
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)


def test_uv_finds_a_folder_with_a_comma_and_asks_no_index_where_pip_would_not(tmp_path):
    from tests.scripts.environments.test_environment import make_wheel

    folder = tmp_path / "a,b c"
    make_wheel(folder)
    settings = parse(f"global.find-links='{folder.as_uri()}'\nglobal.no-index='y'")
    done = uv(settings, tmp_path)
    assert "+ tiny==1.0" in done.stderr, done.stderr
    done = uv(PipSettings(find_links=[str(folder)], no_index=True), tmp_path)
    assert "+ tiny==1.0" in done.stderr, done.stderr
    index = Index()
    try:
        done = uv(PipSettings(index_url=index.url, find_links=[str(tmp_path / "none")], no_index=True), tmp_path)
        assert done.returncode and index.requests == []
    finally:
        index.close()


def test_uv_asks_pip_s_proxy(tmp_path):
    proxy = Index()
    try:
        settings = PipSettings(
            index_url="http://index.invalid/simple", proxy=proxy.url.removesuffix("/simple"), retries=0
        )
        assert uv(settings, tmp_path).returncode
        assert proxy.requests == ["http://index.invalid/simple/tiny/"]
    finally:
        proxy.close()


@pytest.mark.parametrize(
    "variables, message",
    [
        ({"PIP_NO_INDEX": "maybe"}, "^PIP_NO_INDEX: 'maybe' is neither yes nor no; correct or remove it"),
        ({"PIP_TIMEOUT": "20s"}, "^PIP_TIMEOUT: .*'20s'; correct or remove it"),
        ({"PIP_DEFAULT_TIMEOUT": "20s"}, "^PIP_DEFAULT_TIMEOUT: .*'20s'; correct or remove it"),
        ({"PIP_DEFAULT_TIMEOUT": "0"}, "^PIP_DEFAULT_TIMEOUT: '0' is not a number of seconds above 0"),
        ({"PIP_TIMEOUT": "nan"}, "^PIP_TIMEOUT: 'nan' is not a number of seconds above 0"),
        ({"PIP_RETRIES": "many"}, "^PIP_RETRIES: .*'many'; correct or remove it"),
        ({"PIP_RETRIES": "-1"}, "^PIP_RETRIES: '-1' is not a whole number from 0"),
        ({"PIP_NO_INPUT": "maybe"}, "^PIP_NO_INPUT: 'maybe' is neither yes nor no"),
    ],
)
def test_a_bad_variable_is_one_line_and_no_reason_to_ask_another_index(configured, variables, message):
    with pytest.raises(SiteError, match=message) as error:
        configured(f"[global]\nindex-url = {MIRROR}\n", **variables)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text, message",
    [
        ("[global]\nindex-url = {}\ntimeout = 20s\n", r": \[global\] timeout: .*'20s'; correct or remove it"),
        ("[install]\nindex-url = {}\ntimeout = 20s\n", r": \[install\] timeout: '20s' is not a number"),
        ("[global]\nindex-url = {}\n[download]\nno_index = x\n", r": \[download\] no_index: 'x' is neither yes nor no"),
        ("[global]\nindex-url = {}\nretries = 1.5\n", r": \[global\] retries: .*'1.5'; correct or remove it"),
        ("index-url = {}\n", ":1: a setting stands before any section .*, so pip reads no setting of it; correct it"),
        ("[global]\nindex-url = {}\ntimeout\n", ":3: is not in the form of a pip.conf, so pip reads no setting of it"),
        ("[global]\nindex-url = {}\nindex-url = {}\n", ":3: a setting or section stands there twice, so pip reads"),
        ("[global]\nindex-url = {}\n# \xff\n", ": is not UTF-8, so pip reads no setting of it; correct it"),
    ],
)
def test_a_bad_file_is_one_line_that_names_it(configured, text, message):
    with pytest.raises(SiteError, match=f"^{configured.file}{message}") as error:
        configured(text.replace("{}", "http://me:secret@mirror.invalid/simple"))
    assert "\n" not in str(error.value) and "secret" not in str(error.value)


def test_what_pip_alone_minds_is_no_reason_to_ask_another_index(configured):
    assert configured(f"[global]\nindex-url = {MIRROR}\n", PIP_PROGRESS_BAR="nice").index_url == MIRROR


def test_the_first_python_with_pip_is_asked(configured, tmp_path):
    bare = tmp_path / "bare"
    bare.write_text('#!/bin/sh\necho "bare: No module named pip" >&2\nexit 1\n')
    bare.chmod(0o755)
    configured(PIP_INDEX_URL=MIRROR)
    assert read(str(bare), sys.executable).index_url == MIRROR
    assert read(str(bare)) == PipSettings()
