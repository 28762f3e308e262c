"""What an index, a proxy or a file's name may do to a download: bytes as published, the next place where one fails."""

import gzip
import hashlib
import socket

import pytest
from msgspec.structs import replace

from scripts.common.errors import SiteError
from scripts.environments.pip_settings import PipSettings
from scripts.sources import fetch, package_index
from tests.scripts.sources.local_index import only_the_local_index  # noqa: F401

NAME = "toy-1.0.tar.gz"
BODY = gzip.compress(b"x" * 5000, mtime=0)


@pytest.fixture
def pin(bare_toy):
    return replace(bare_toy.pin, sha256=hashlib.sha256(BODY).hexdigest(), bytes=len(BODY))


@pytest.fixture
def waits(monkeypatch):
    """The seconds that would have been waited."""
    waited = []
    monkeypatch.setattr(package_index.time, "sleep", waited.append)
    return waited


@pytest.fixture
def get(pin, tmp_path):
    """Fetches through the given indexes, in their order; returns what lies there then."""

    def fetched(*indexes, name=NAME, **settings):
        addresses = [each.url for each in indexes]
        target = tmp_path / "file"
        if addresses:
            settings |= {"index_url": addresses[0], "extra_index_urls": addresses[1:]}
        target.unlink(missing_ok=True)
        try:
            fetch.fetch(replace(pin, artifact=name), target, PipSettings(**settings))
        except SiteError as error:
            assert "\n" not in str(error) and not target.exists()
            raise
        return target.read_bytes()

    return fetched


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate"])
def test_the_bytes_as_published_are_kept_whatever_the_server_calls_their_encoding(index, get, encoding):
    index.files, index.headers = {NAME: [BODY]}, {"Content-Encoding": encoding}
    assert get(index) == BODY
    assert len(index.downloads) == 1


@pytest.mark.parametrize(
    "name, project",
    [
        ("my-toy-1.0.tar.gz", "my-toy"),
        ("my-own-toy-1.0.tar.gz", "my-own-toy"),
        ("My_Toy-1.0.tar.gz", "my-toy"),
        ("my.toy-1.0.zip", "my-toy"),
        ("my_toy-1.0-1-cp312-cp312-manylinux_2_34_x86_64.whl", "my-toy"),
        ("toy-1.0rc1.tar.gz", "toy"),
    ],
)
def test_the_project_is_found_in_the_file_s_name(index, get, name, project):
    index.files, index.project = {name: [BODY]}, project
    assert get(index, name=name) == BODY
    assert index.requests[0] == f"/simple/{project}/"


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451, 501])
def test_an_index_that_refuses_the_file_is_not_the_last(index, second, get, status):
    index.files, index.refusals = {NAME: [b"never sent"]}, [status]
    second.files = {NAME: [BODY]}
    assert get(index, second) == BODY
    assert len(index.downloads) == 1


def test_an_index_that_stays_broken_is_not_the_last(index, second, get, waits):
    index.files, index.refusals = {NAME: [b"never sent"]}, [503] * 9
    second.files = {NAME: [BODY]}
    assert get(index, second, retries=2) == BODY
    assert len(index.downloads) == 3


def test_another_file_of_that_name_or_half_of_it_is_not_the_last(index, second, get):
    index.files = {NAME: [b"another build, its hash not published"]}
    second.files = {NAME: [BODY]}
    assert get(index, second) == BODY
    index.files, index.cut = {NAME: [BODY]}, {NAME}
    assert get(index, second) == BODY


@pytest.mark.parametrize("status", package_index.BUSY)
def test_a_busy_index_is_asked_again(index, get, waits, status):
    index.files, index.refusals = {NAME: [BODY]}, [status, status]
    assert get(index) == BODY
    assert waits == [0.0, 0.5]


def test_a_busy_page_is_asked_for_again_too(index, get, waits, monkeypatch):
    index.files, index.status = {NAME: [BODY]}, 503
    monkeypatch.setattr(package_index.time, "sleep", lambda _: setattr(index, "status", 200))
    assert get(index) == BODY


def test_an_index_that_stays_busy_is_given_up_as_pip_is_told(index, get, waits):
    index.files, index.refusals = {NAME: [BODY]}, [429] * 20
    with pytest.raises(SiteError, match=f"{NAME}: 127.0.0.1 answered 429; check the network and pip's settings"):
        get(index, retries=3)
    assert len(index.downloads) == 4 and waits == [0.0, 0.5, 1.0]
    with pytest.raises(SiteError, match="answered 429"):
        get(index, retries=0)
    assert len(index.downloads) == 5


@pytest.mark.parametrize(
    "asked, waited", [("3", 3.0), ("86400", 30.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", 0.0), ("-1", 0.0)]
)
def test_the_pause_an_index_asks_for_is_kept_within_bounds(index, get, waits, asked, waited):
    index.files, index.refusals, index.headers = {NAME: [BODY]}, [503], {"Retry-After": asked}
    assert get(index) == BODY
    assert waits == [waited]


def test_every_place_that_failed_is_named_in_one_line(index, second, get):
    index.files, index.refusals = {NAME: [b""]}, [403]
    second.files = {NAME: [b"another"]}
    with pytest.raises(
        SiteError,
        match=r"not found on the package index \(127.0.0.1 answered 403; sha256 is [0-9a-f]{64} and .* pins \w{64}\)",
    ):
        get(index, second)


def test_a_file_that_a_folder_only_promises_is_not_the_last(index, get, tmp_path):
    folder = tmp_path / "simple" / "toy"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(f'<a href="{NAME}">{NAME}</a>')  # and no such file
    index.files = {NAME: [BODY]}
    settings = {"index_url": (tmp_path / "simple").as_uri(), "extra_index_urls": [index.url]}
    assert get(**settings) == BODY
    index.files = {}
    with pytest.raises(SiteError, match="not found on the package index .*simple/toy: cannot be read"):
        get(**settings)


def test_a_folder_of_links_that_is_not_there_is_passed_over_and_named(index, get, tmp_path):
    index.files = {NAME: [BODY]}
    assert get(index, find_links=[str(tmp_path / "none")]) == BODY
    index.files = {}
    with pytest.raises(SiteError, match=f"there is no folder {tmp_path}/none"):
        get(index, find_links=[str(tmp_path / "none")])


def test_the_proxy_is_asked_for_page_and_file_also_of_a_trusted_host(index, get):
    index.files = {NAME: [BODY]}
    proxy = index.url.removesuffix("/simple")
    settings = {"index_url": "http://index.invalid/simple", "trusted_hosts": ["index.invalid"]}
    assert get(proxy=proxy, **settings) == BODY
    assert get(proxy=proxy.removeprefix("http://"), **settings) == BODY  # as pip takes it
    assert index.requests == ["http://index.invalid/simple/toy/", f"http://index.invalid/files/{NAME}"] * 2


def test_a_host_that_is_not_trusted_is_named_with_the_reason(get):
    with pytest.raises(SiteError, match=r"Skipping http://index.invalid/simple/toy/ for not being trusted"):
        get(index_url="http://index.invalid/simple")


def test_the_environment_s_proxy_is_asked_for_a_trusted_host_too(index, get, monkeypatch):
    index.files = {NAME: [BODY]}
    monkeypatch.setenv("http_proxy", index.url.removesuffix("/simple"))
    assert get(index_url="http://index.invalid/simple", trusted_hosts=["index.invalid"]) == BODY


@pytest.mark.parametrize("proxy", ["http://me:secret@host:port", "ftp://me:secret@host", "http://[::1"])
def test_a_proxy_that_is_none_is_one_line_without_its_password(get, proxy):
    with pytest.raises(SiteError, match="pip's `proxy` setting is no address of a proxy") as error:
        get(index_url="http://index.invalid/simple", proxy=proxy)
    assert "secret" not in str(error.value)


def test_no_password_of_an_address_is_repeated(get):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    for address in (
        f"http://me:secret@127.0.0.1:{port}/simple",
        "http://me:secret/9@127.0.0.1/simple",
        "http://me:secret@[::1/",
    ):
        with pytest.raises(SiteError) as error:
            get(index_url=address)
        assert "secret" not in str(error.value)


@pytest.mark.parametrize("name", ["cert", "client_cert"])
def test_a_certificate_that_is_none_names_its_setting(get, tmp_path, name):
    (tmp_path / "own.pem").write_text("not a certificate")
    with pytest.raises(SiteError, match=f"own.pem: not a usable certificate file .*`{name.replace('_', '-')}` setting"):
        get(index_url="http://127.0.0.1:9/simple", **{name: str(tmp_path / "own.pem")})
