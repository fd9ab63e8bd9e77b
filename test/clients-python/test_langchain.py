"""LangChain's integration of OpenAI."""

from collections.abc import Callable

import openai
import pytest
from conftest import ANSWER, BASE_URL, DATA_URL, DIGEST, HTTPS_URL, MODEL, Account, question
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI

TEXT = [{"role": "user", "content": "Hi"}]


def chat(key: str, **options: object) -> ChatOpenAI:
    return ChatOpenAI(model=MODEL, api_key=key, base_url=BASE_URL, **options)


def ask(picture: str) -> list:
    return [HumanMessage(question(picture)[0]["content"])]


def test_counts_text_as_preflight_does(account: Account) -> None:
    answer = chat(account.key).invoke("Hi")
    assert answer.text
    assert answer.usage_metadata["input_tokens"] == account.count(TEXT)["prompt_tokens"]


@pytest.mark.parametrize("picture", [DATA_URL, HTTPS_URL, DIGEST], ids=["data", "https", "digest"])
def test_asks_about_a_picture(account: Account, picture: str) -> None:
    account.upload()
    answer = chat(account.key, temperature=0).invoke(ask(picture))
    assert answer.text == ANSWER
    assert answer.usage_metadata["input_tokens"] == account.count(question(picture))["prompt_tokens"]


def test_streams_the_same_answer_and_usage(account: Account) -> None:
    chunks = list(chat(account.key, temperature=0, stream_usage=True).stream(ask(DATA_URL)))
    assert "".join(chunk.text for chunk in chunks) == ANSWER
    [usage] = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
    assert usage["input_tokens"] == account.count(question(DATA_URL))["prompt_tokens"]


@pytest.mark.anyio
async def test_asks_and_streams_asynchronously(account: Account) -> None:
    model = chat(account.key, temperature=0)
    answer = await model.ainvoke(ask(DATA_URL))
    text = "".join([chunk.text async for chunk in model.astream(ask(DATA_URL))])
    assert answer.text == text == ANSWER


def test_keeps_to_the_most_tokens(account: Account) -> None:
    answer = chat(account.key, max_tokens=1).invoke("Hi")
    assert answer.response_metadata["finish_reason"] == "length"
    assert answer.usage_metadata["output_tokens"] == 1


def test_a_wrong_key_is_an_authentication_error() -> None:
    with pytest.raises(openai.AuthenticationError):
        chat("tsr_wrong").invoke("Hi")


def test_an_empty_balance_is_a_402(new_account: Callable) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        chat(new_account(credit=0).key).invoke("Hi")
    assert (caught.value.status_code, caught.value.code) == (402, "insufficient_credit")


def test_an_unknown_model_is_not_found(account: Account) -> None:
    with pytest.raises(openai.NotFoundError):
        ChatOpenAI(model="gpt-4o", api_key=account.key, base_url=BASE_URL).invoke("Hi")


def test_tools_are_refused_by_name(account: Account) -> None:
    def weather(city: str) -> str:
        """The weather of a city."""
        return city

    with pytest.raises(openai.BadRequestError) as caught:
        chat(account.key).bind_tools([weather]).invoke("Hi")
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "tools")
