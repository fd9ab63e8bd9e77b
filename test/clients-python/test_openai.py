"""OpenAI's own client."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import openai
import pytest
from conftest import ANSWER, BASE_URL, DATA_URL, DIGEST, HTTPS_URL, MODEL, PICTURE, Account, call, question
from openai import AsyncOpenAI, DefaultHttpxClient, OpenAI

PICTURES = pytest.mark.parametrize("picture", [DATA_URL, HTTPS_URL, DIGEST], ids=["data", "https", "digest"])
TEXT = [{"role": "user", "content": "Hi"}]


@dataclass
class Wire:
    """When each answer came, in seconds, its status, and how long it said to wait."""

    answers: list = field(default_factory=list)

    @property
    def statuses(self) -> list[int]:
        return [status for _, status, _ in self.answers]


@pytest.fixture
def watched() -> Callable[..., tuple[OpenAI, Wire]]:
    """A client, and what its retries see."""

    def make(key: str, **options: object) -> tuple[OpenAI, Wire]:
        wire = Wire()

        def note(response) -> None:
            wait = response.headers.get("retry-after-ms")
            wire.answers.append((time.monotonic(), response.status_code, wait and int(wait)))

        http = DefaultHttpxClient(event_hooks={"response": [note]})
        return OpenAI(api_key=key, base_url=BASE_URL, http_client=http, **options), wire

    return make


@pytest.fixture
def client(account: Account) -> OpenAI:
    return OpenAI(api_key=account.key, base_url=BASE_URL)


def test_counts_text_as_preflight_does(client: OpenAI, account: Account) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=TEXT)
    assert answer.choices[0].message.content
    assert answer.usage.prompt_tokens == account.count(TEXT)["prompt_tokens"]
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@PICTURES
def test_asks_about_a_picture(client: OpenAI, account: Account, picture: str) -> None:
    account.upload()
    messages = question(picture)
    counted = account.count(messages)
    answer = client.chat.completions.create(model=MODEL, messages=messages, temperature=0)
    assert answer.choices[0].message.content == ANSWER
    assert answer.choices[0].finish_reason == "stop"
    assert answer._request_id.startswith("req_")
    assert answer.usage.prompt_tokens == counted["prompt_tokens"]
    assert answer.usage.prompt_tokens_details.image_tokens == counted["image_tokens"] > 0
    assert answer.usage.cost_microcredits <= counted["max_cost_microcredits"]


@PICTURES
def test_streams_the_same_answer_and_usage(client: OpenAI, account: Account, picture: str) -> None:
    account.upload()
    messages = question(picture)
    chunks = list(
        client.chat.completions.create(
            model=MODEL, messages=messages, temperature=0, stream=True, stream_options={"include_usage": True}
        )
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == ANSWER
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.prompt_tokens == account.count(messages)["prompt_tokens"]


def test_helps_with_a_stream(client: OpenAI) -> None:
    with client.chat.completions.stream(model=MODEL, messages=question(DATA_URL), temperature=0) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion()
    assert "".join(deltas) == final.choices[0].message.content == ANSWER


@pytest.mark.anyio
async def test_asks_and_streams_asynchronously(account: Account) -> None:
    async with AsyncOpenAI(api_key=account.key, base_url=BASE_URL) as client:
        ask = client.chat.completions.create
        answer = await ask(model=MODEL, messages=question(DATA_URL), temperature=0)
        stream = await ask(model=MODEL, messages=question(DATA_URL), temperature=0, stream=True)
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert answer.choices[0].message.content == text == ANSWER


@pytest.mark.parametrize("parameter", ["max_tokens", "max_completion_tokens"])
def test_keeps_to_the_most_tokens(client: OpenAI, parameter: str) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=TEXT, **{parameter: 1})
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 1


def test_lists_models(client: OpenAI) -> None:
    models = {model.id: model for model in client.models.list()}
    assert client.models.retrieve(MODEL) == models[MODEL]


def test_a_wrong_key_is_an_authentication_error(watched: Callable) -> None:
    client, wire = watched("tsr_wrong")
    with pytest.raises(openai.AuthenticationError) as caught:
        client.chat.completions.create(model=MODEL, messages=TEXT)
    assert caught.value.code == "invalid_api_key"
    assert wire.statuses == [401]


def test_an_empty_balance_is_a_402_and_not_retried(watched: Callable, new_account: Callable) -> None:
    client, wire = watched(new_account(credit=0).key)
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(model=MODEL, messages=TEXT)
    assert (caught.value.status_code, caught.value.code) == (402, "insufficient_credit")
    assert wire.statuses == [402]


def test_an_unknown_model_is_not_found(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="gpt-4o", messages=TEXT)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


def test_a_parameter_that_is_not_supported_is_a_bad_request(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=TEXT, n=2)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "n")
    assert caught.value.request_id.startswith("req_")


def test_waits_as_a_429_tells_it(watched: Callable, account: Account) -> None:
    # Twenty calls may come at once, then one every 3 seconds; an upload takes 20.
    key = account.make_key(requests_per_minute=20)
    call("PUT", f"/v1/images/{DIGEST}", key, PICTURE)
    client, wire = watched(key)
    while 429 not in wire.statuses:
        answer = client.chat.completions.create(model=MODEL, messages=TEXT, max_tokens=1)
    assert answer.usage.completion_tokens == 1
    assert wire.statuses[-1] == 200
    refused = wire.statuses.index(429)
    (refused_at, _, wait), (retried_at, _, _) = wire.answers[refused : refused + 2]
    assert retried_at - refused_at >= wait / 1000


def test_without_retries_a_429_is_a_rate_limit_error(watched: Callable, account: Account) -> None:
    client, wire = watched(account.make_key(requests_per_minute=1), max_retries=0)
    client.chat.completions.create(model=MODEL, messages=TEXT)
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model=MODEL, messages=TEXT)
    assert caught.value.code == "rate_limit_exceeded"
    assert wire.statuses == [200, 429]
