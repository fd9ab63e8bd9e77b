"""LiteLLM, as its users reach any OpenAI-compatible server."""

from collections.abc import Callable

import litellm
import pytest
from conftest import ANSWER, BASE_URL, DATA_URL, DIGEST, HTTPS_URL, MODEL, Account, question
from litellm import acompletion, completion

TEXT = [{"role": "user", "content": "Hi"}]


def at(key: str) -> dict:
    return {"model": f"openai/{MODEL}", "api_base": BASE_URL, "api_key": key}


def test_counts_text_as_preflight_does(account: Account) -> None:
    answer = completion(**at(account.key), messages=TEXT)
    assert answer.choices[0].message.content
    assert answer.usage.prompt_tokens == account.count(TEXT)["prompt_tokens"]


@pytest.mark.parametrize("picture", [DATA_URL, HTTPS_URL, DIGEST], ids=["data", "https", "digest"])
def test_asks_about_a_picture(account: Account, picture: str) -> None:
    account.upload()
    messages = question(picture)
    answer = completion(**at(account.key), messages=messages, temperature=0)
    assert answer.choices[0].message.content == ANSWER
    assert answer.usage.prompt_tokens == account.count(messages)["prompt_tokens"]


def test_streams_the_same_answer_and_usage(account: Account) -> None:
    messages = question(DATA_URL)
    options = {"temperature": 0, "stream": True, "stream_options": {"include_usage": True}}
    chunks = list(completion(**at(account.key), messages=messages, **options))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == ANSWER
    assert chunks[-1].usage.prompt_tokens == account.count(messages)["prompt_tokens"]


@pytest.mark.anyio
async def test_asks_and_streams_asynchronously(account: Account) -> None:
    messages = question(DATA_URL)
    answer = await acompletion(**at(account.key), messages=messages, temperature=0)
    stream = await acompletion(**at(account.key), messages=messages, temperature=0, stream=True)
    text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert answer.choices[0].message.content == text == ANSWER


def test_keeps_to_the_most_tokens(account: Account) -> None:
    answer = completion(**at(account.key), messages=TEXT, max_tokens=1)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 1


def test_a_wrong_key_is_an_authentication_error() -> None:
    with pytest.raises(litellm.AuthenticationError):
        completion(**at("tsr_wrong"), messages=TEXT)


def test_an_empty_balance_is_a_402(new_account: Callable) -> None:
    with pytest.raises(litellm.APIError) as caught:
        completion(**at(new_account(credit=0).key), messages=TEXT)
    assert caught.value.status_code == 402
    assert "credit" in caught.value.message


def test_an_unknown_model_is_not_found(account: Account) -> None:
    with pytest.raises(litellm.NotFoundError):
        completion(**at(account.key) | {"model": "openai/gpt-4o"}, messages=TEXT)


def test_a_parameter_that_is_not_supported_is_a_bad_request(account: Account) -> None:
    with pytest.raises(litellm.BadRequestError):
        completion(**at(account.key), messages=TEXT, n=2)
