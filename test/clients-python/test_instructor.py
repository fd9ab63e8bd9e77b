"""Instructor, which needs structured output: what no engine here can promise is refused by its name."""

import instructor
import openai
import pytest
from conftest import BASE_URL, DATA_URL, MODEL, Account, question
from instructor.core import InstructorRetryException
from openai import OpenAI
from pydantic import BaseModel


class Picture(BaseModel):
    color: str


@pytest.mark.parametrize(
    ("mode", "param"),
    [
        (instructor.Mode.JSON_SCHEMA, "response_format"),
        (instructor.Mode.JSON, "response_format"),
        (instructor.Mode.TOOLS, "tools"),
    ],
    ids=["json-schema", "json", "tools"],
)
def test_is_refused_by_name(account: Account, mode: instructor.Mode, param: str) -> None:
    client = instructor.from_openai(OpenAI(api_key=account.key, base_url=BASE_URL), mode=mode)
    with pytest.raises(InstructorRetryException) as caught:
        client.create(model=MODEL, messages=question(DATA_URL), response_model=Picture)
    refusal = caught.value.__cause__
    while not isinstance(refusal, openai.BadRequestError):
        refusal = refusal.last_attempt.exception()
    assert (refusal.code, refusal.param) == ("unsupported_parameter", param)
