"""Accounts of the running product for the tests of its clients, and a report that clients.test.ts reads."""

import base64
import hashlib
import json
import os
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

URL = os.environ["TESSERA_URL"]
BASE_URL = f"{URL}/v1"
MODEL = "tessera-tiny"

_EXAMPLES = Path(__file__).parents[2] / "models/tessera-tiny/examples"
_EXAMPLE = json.loads((_EXAMPLES / "examples.json").read_text())[0]
PICTURE: bytes = (_EXAMPLES / _EXAMPLE["file"]).read_bytes()
QUESTION: str = _EXAMPLE["question"]
ANSWER: str = _EXAMPLE["answer"]
DATA_URL = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"
# The same picture on an https server that the product may fetch from.
HTTPS_URL = f"{os.environ['TESSERA_PICTURES']}/picture.png"
DIGEST = f"sha256:{hashlib.sha256(PICTURE).hexdigest()}"


def call(method: str, path: str, key: str, body: object | bytes = None) -> dict:
    """One request without any client; raises when it is refused."""
    binary = isinstance(body, bytes)
    data = body if binary or body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{URL}{path}", data, method=method)
    request.add_header("authorization", f"Bearer {key}")
    request.add_header("content-type", "application/octet-stream" if binary else "application/json")
    with urllib.request.urlopen(request) as response:
        return json.load(response)


@dataclass(frozen=True)
class Account:
    id: str
    key: str

    def make_key(self, **options: object) -> str:
        return call("POST", "/v1/keys", self.key, {"name": "client", **options})["key"]

    def upload(self) -> None:
        """Makes DIGEST a picture of the account."""
        call("PUT", f"/v1/images/{DIGEST}", self.key, PICTURE)

    def count(self, messages: list, **parameters: object) -> dict:
        """What a preflight says about a question."""
        return call("POST", "/v1/preflight", self.key, {"model": MODEL, "messages": messages, **parameters})


NewAccount = Callable[..., Account]


@pytest.fixture
def new_account() -> NewAccount:
    """Opens accounts with credit in micro-credits."""

    def open_account(credit: int = 10_000_000) -> Account:
        body = {"name": "client", "credit_microcredits": credit}
        opened = call("POST", "/v1/admin/accounts", os.environ["TESSERA_ADMIN_KEY"], body)
        return Account(opened["id"], opened["key"]["key"])

    return open_account


@pytest.fixture
def account(new_account: NewAccount) -> Account:
    return new_account()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def question(picture: str) -> list:
    """The example's question about a picture, in OpenAI's messages."""
    image = {"type": "image_url", "image_url": {"url": picture}}
    return [{"role": "user", "content": [image, {"type": "text", "text": QUESTION}]}]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--outcomes", help="where a line of JSON about each test goes")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    if report.when == "call" or not report.passed:
        failure = None if report.passed else report.longreprtext
        outcome = {"file": item.path.name, "name": item.name, "failure": failure}
        with open(item.config.getoption("outcomes"), "a") as file:
            print(json.dumps(outcome), file=file)
    return report
