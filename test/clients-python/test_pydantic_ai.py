"""Pydantic AI's agents."""

from collections.abc import Callable

import pytest
from conftest import ANSWER, BASE_URL, DATA_URL, DIGEST, HTTPS_URL, MODEL, PICTURE, QUESTION, Account, question
from pydantic_ai import Agent, BinaryContent, ImageUrl
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

TEXT = [{"role": "user", "content": "Hi"}]


def agent(key: str, model: str = MODEL, **settings: object) -> Agent:
    provider = OpenAIProvider(base_url=BASE_URL, api_key=key)
    return Agent(OpenAIChatModel(model, provider=provider), model_settings=settings)


def test_counts_text_as_preflight_does(account: Account) -> None:
    run = agent(account.key).run_sync("Hi")
    assert run.output
    assert run.usage.input_tokens == account.count(TEXT)["prompt_tokens"]


@pytest.mark.parametrize(
    "picture",
    [BinaryContent(PICTURE, media_type="image/png"), ImageUrl(HTTPS_URL), ImageUrl(DIGEST, media_type="image/png")],
    ids=["data", "https", "digest"],
)
def test_asks_about_a_picture(account: Account, picture: BinaryContent | ImageUrl) -> None:
    account.upload()
    run = agent(account.key, temperature=0).run_sync([picture, QUESTION])
    assert run.output == ANSWER
    assert run.usage.input_tokens == account.count(question(DATA_URL))["prompt_tokens"]


@pytest.mark.anyio
async def test_streams_the_same_answer_and_usage(account: Account) -> None:
    picture = BinaryContent(PICTURE, media_type="image/png")
    async with agent(account.key, temperature=0).run_stream([picture, QUESTION]) as run:
        text = "".join([delta async for delta in run.stream_text(delta=True, debounce_by=None)])
    assert text == ANSWER
    assert run.usage.input_tokens == account.count(question(DATA_URL))["prompt_tokens"]


def test_goes_on_with_a_conversation(account: Account) -> None:
    asking = agent(account.key, temperature=0)
    picture = BinaryContent(PICTURE, media_type="image/png")
    first = asking.run_sync([picture, QUESTION])
    second = asking.run_sync("What shape is this?", message_history=first.all_messages())
    assert second.output
    assert second.usage.input_tokens > first.usage.input_tokens


def test_keeps_to_the_most_tokens(account: Account) -> None:
    run = agent(account.key, max_tokens=1).run_sync("Hi")
    assert run.usage.output_tokens == 1


@pytest.mark.parametrize(
    ("status", "code", "credit", "model"),
    [(402, "insufficient_credit", 0, MODEL), (404, "model_not_found", 1_000_000, "gpt-4o")],
)
def test_a_refusal_is_a_model_http_error(
    new_account: Callable, status: int, code: str, credit: int, model: str
) -> None:
    with pytest.raises(ModelHTTPError) as caught:
        agent(new_account(credit=credit).key, model).run_sync("Hi")
    assert caught.value.status_code == status
    assert caught.value.body["code"] == code


def test_a_wrong_key_is_a_model_http_error() -> None:
    with pytest.raises(ModelHTTPError) as caught:
        agent("tsr_wrong").run_sync("Hi")
    assert caught.value.status_code == 401
    assert caught.value.body["code"] == "invalid_api_key"
