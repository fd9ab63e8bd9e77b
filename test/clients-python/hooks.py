"""What schemathesis is told beside the specification: who asks, what leads past the first refusals, and what must stay."""

import base64
import hashlib
import itertools
import json
import os
import re
import zlib

import schemathesis
from schemathesis import GenerationMode

MODEL = "tessera-tiny"
OTHER_MODEL = "llava-v1.6-34b"
ADMIN_KEY = os.environ["TESSERA_ADMIN_KEY"]
# Several keys of one account, so that no key's rate limit ends a round early.
KEYS = json.loads(os.environ["TESSERA_KEYS"])
# The ids of accounts and keys that the round needs to its end.
NEEDED_IDS = json.loads(os.environ["TESSERA_NEEDED_IDS"])
# Another account and what it was charged for.
CHARGED = json.loads(os.environ["TESSERA_CHARGED"])
# A picture that the round's account has uploaded.
DATA_URL = os.environ["TESSERA_PICTURE"]
PICTURE = base64.b64decode(DATA_URL.partition(",")[2])

# What no schema can say of a request, by the error's code; where another field's fault has the same, with its params.
BEYOND_SCHEMA = {
    # The picture's bytes are not what the path or their form says.
    "image_data_url_invalid": None,
    "image_digest_mismatch": None,
    "image_format_unsupported": None,
    # A name that is not on the public web, or not there.
    "url_invalid": None,
    "url_not_public": None,
    "image_unreachable": None,
    # What the whole conversation amounts to.
    "missing_user_turn": None,
    "context_length_exceeded": None,
    "text_too_long": None,
    "too_many_images": None,
    # What it costs.
    "insufficient_credit": None,
    "max_cost_exceeded": None,
    # A key that came before with another body.
    "idempotency_key_reused": None,
    # A range that ends before it begins; a time that has passed; more tokens than the model answers with; a schema for the
    # answer that says nothing, contradicts itself or costs too much; alternatives without probabilities.
    "invalid_value": {
        "from",
        "effective_at",
        "max_tokens",
        "max_completion_tokens",
        "response_format.json_schema.schema",
        "top_logprobs",
    },
    # A stream of a job; a webhook of no job; what a model is not able to do.
    "unsupported_parameter": {"stream", "webhook", "response_format", "messages.content.image_url.detail"},
}

_keys = itertools.cycle(KEYS)


@schemathesis.auth(refresh_interval=None)
class Bearer:
    def get(self, case, context):
        return ADMIN_KEY if case.path.startswith("/v1/admin") else next(_keys)

    def set(self, case, data, context):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


def is_valid(case) -> bool:
    return case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE


@schemathesis.check
def valid_data_acceptance(ctx, response, case) -> None:
    """What fits the specification is refused for nothing but what a schema can't say."""
    if not is_valid(case) or response.status_code not in (400, 402, 413, 415, 422):
        return
    error = response.json()["error"]
    params = BEYOND_SCHEMA.get(error["code"], set())
    # Of any message and part.
    param = re.sub(r"\.\d+", "", error["param"] or "")
    assert params is None or param in params, f"{error['code']} of {error['param']}"


@schemathesis.check
def only_the_model_fails(ctx, response, case) -> None:
    """A small model asked for a few tokens about nonsense may say nothing, or the same again and again."""
    if response.status_code >= 500:
        assert response.json()["error"]["code"] in ("empty_output", "endless_repetition")


@schemathesis.check
def none_is_turned_away(ctx, response, case) -> None:
    """Rate limits would hide what lies behind them. Stateful cases pass filter_case by, and may lower their own key's."""
    if case.meta is not None and case.meta.phase.name.value == "stateful":
        return
    assert response.status_code != 429, "The limits of the round's keys are too low."


@schemathesis.hook
def filter_case(context, case) -> bool:
    """The accounts and keys of the round stay as they are: without them nothing else could be asked."""
    parameters = case.path_parameters
    return case.method in ("GET", "HEAD") or not isinstance(parameters, dict) or parameters.get("id") not in NEEDED_IDS


@schemathesis.hook
def map_case(context, case):
    """Leads two thirds of what fits the specification past refusals that no schema tells of."""
    path, body = case.path, case.body
    if isinstance(body, dict):
        if path == "/v1/chat/completions":
            ask_little(body)
        if path == "/v1/admin/prices" and body.get("model") == MODEL:
            body["model"] = OTHER_MODEL
    draw = zlib.crc32(repr(body).encode()) % 3
    if not is_valid(case) or draw == 0:
        return case
    if path == "/v1/images/{digest}" and case.method == "PUT":
        case.body = body.data if draw == 1 else PICTURE
        case.path_parameters["digest"] = digest_of(case.body)
    if path in ("/v1/chat/completions", "/v1/preflight"):
        make_answerable(case)
    if path == "/v1/admin/accounts/{id}/refunds":
        case.path_parameters["id"] = CHARGED["account"]
        body |= {"job": CHARGED["job"], "amount_microcredits": 1}
    return case


def digest_of(picture: bytes) -> str:
    return f"sha256:{hashlib.sha256(picture).hexdigest()}"


def ask_little(body: dict) -> None:
    """The model that has a worker, for the others are an honest 503; and few tokens."""
    if str(body.get("model")).startswith("llava-"):
        body["model"] = MODEL
    names = [name for name in ("max_tokens", "max_completion_tokens") if isinstance(body.get(name), int)]
    for name in names:
        body[name] = min(body[name], 4)
    if not names and body.get("max_tokens") is None:
        body["max_tokens"] = 4


def make_answerable(case) -> None:
    """The model that has a worker, pictures that exist, a user's turn at the end, and no ceiling."""
    body, headers = case.body, case.headers or {}
    headers.pop("x-max-cost", None)
    if "idempotency-key" in headers:
        headers["idempotency-key"] = case.id
    body["model"] = MODEL
    if body.get("max_tokens"):
        body["max_tokens"] = 4
    body.pop("max_completion_tokens", None)
    as_job = headers.get("prefer") == "respond-async"
    body.pop("stream" if as_job else "webhook", None)
    pictures = itertools.cycle([DATA_URL, digest_of(PICTURE)])
    for message in body["messages"]:
        if isinstance(message["content"], list):
            for part in message["content"]:
                if part["type"] == "image_url":
                    part["image_url"]["url"] = next(pictures)
    if body["messages"][-1]["role"] != "user":
        body["messages"] = [*body["messages"][:1000], {"role": "user", "content": "Hi"}]
