"""SGLang behind the protocol that the worker speaks to its engine (gpu-worker/engines/grpc/protocol.proto).

SGLang's own gRPC servicer takes pixels, but hands LLaVA's `image_sizes` on as one tensor, which neither `pad_input_ids`
nor `forward` of SGLang 0.5.23 can read (`srt/models/llava.py`). Its offline engine takes them as a list of pairs: this
servicer drives that engine, and differs from vLLM where SGLang does: an image stands as one token in the prompt, sizes
are (width, height), and the vision tower computes in float16.
"""

import argparse
import asyncio
import signal
from types import SimpleNamespace

import grpc
import numpy
import sglang
from sglang.srt.server_args import prepare_server_args
from smg_grpc_proto import vllm_engine_pb2 as messages
from smg_grpc_proto import vllm_engine_pb2_grpc as service

DTYPES = {"float32": "<f4", "int64": "<i8"}
GRACE_SECONDS = 5


def array_of(tensor):
    """A tensor of the wire as a NumPy array."""
    return numpy.frombuffer(tensor.inline, DTYPES[tensor.dtype]).reshape(list(tensor.shape))


def prompt_of(ids, image_token):
    """The prompt with every run of image tokens as one: the engine makes the run anew from the image's size."""
    return [id for at, id in enumerate(ids) if at == 0 or id != image_token or ids[at - 1] != image_token]


def images_of(inputs):
    """The engine's image data: one dictionary an image."""
    pixels = array_of(inputs.pixel_values).astype(numpy.float16)
    sizes = array_of(inputs.model_specific_tensors["image_sizes"])
    return [
        {
            "format": "processor_output",
            "feature": feature,
            "image_sizes": [(int(width), int(height))],
            "image_aspect_ratio": "anyres",
        }
        for feature, (height, width) in zip(pixels, sizes, strict=True)
    ]


def sampling_of(parameters):
    """Unset means 1: greedy has to be asked for."""
    chosen = {
        "temperature": parameters.temperature if parameters.HasField("temperature") else 1.0,
        "top_p": parameters.top_p or 1.0,
        "max_new_tokens": parameters.max_tokens,
        "stop_token_ids": list(parameters.stop_token_ids) or None,
        "ignore_eos": parameters.ignore_eos,
    }
    if parameters.logit_bias:
        chosen["logit_bias"] = {str(id): bias for id, bias in parameters.logit_bias.items()}
    if parameters.HasField("seed"):
        chosen["sampling_seed"] = parameters.seed
    return chosen


def logprobs_of(about, count):
    """The logprobs of a step, as pairs of value and id: each token's own, then the likeliest in its place."""
    own = about.output_token_logprobs
    return messages.OutputLogProbs(
        token_logprobs=[value for value, _, *_ in own],
        token_ids=[id for _, id, *_ in own],
        top_logprobs=[
            messages.TopLogProbs(values=[value for value, _, *_ in top], token_ids=[id for _, id, *_ in top])
            for top in (about.output_top_logprobs if count else [])
        ],
    )


class Servicer(service.VllmEngineServicer):
    def __init__(self, engine):
        self.engine = engine
        self.manager = engine.tokenizer_manager

    async def Generate(self, request, context):
        inputs = request.mm_inputs
        question = {"input_ids": list(request.tokenized.input_ids)}
        if inputs.HasField("pixel_values"):
            question["input_ids"] = prompt_of(question["input_ids"], inputs.im_token_id)
            question["image_data"] = images_of(inputs)
            question["mm_hashes"] = list(inputs.mm_hashes)
        elif inputs.mm_hashes:
            question["cache_salt"] = inputs.mm_hashes[0]
        elif request.media_refs.items:
            question["image_data"] = [item.url for item in request.media_refs.items]
        count = request.sampling_params.logprobs if request.sampling_params.HasField("logprobs") else None
        if count is not None:
            question.update(return_logprob=True, top_logprobs_num=count)
        ended = False
        try:
            async for output in await self.engine.async_generate(
                sampling_params=sampling_of(request.sampling_params), rid=request.request_id, stream=True, **question
            ):
                about = SimpleNamespace(**output["meta_info"])
                counts = {"prompt_tokens": about.prompt_tokens, "cached_tokens": about.cached_tokens}
                if output["output_ids"]:
                    logprobs = None if count is None else logprobs_of(about, count)
                    chunk = messages.GenerateStreamChunk(token_ids=output["output_ids"], output_logprobs=logprobs, **counts)
                    yield messages.GenerateResponse(chunk=chunk)
                if about.finish_reason is not None:
                    ended = True
                    complete = messages.GenerateComplete(finish_reason=about.finish_reason["type"], **counts)
                    yield messages.GenerateResponse(complete=complete)
        except ValueError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        finally:
            # A caller that has left is no reason for the engine to stop by itself.
            if not ended:
                self.manager.abort_request(request.request_id)

    async def Abort(self, request, context):
        for request_id in request.request_ids:
            self.manager.abort_request(request_id)
        return messages.AbortResponse()

    async def HealthCheck(self, request, context):
        """The engine ends its own process when one of its parts dies, so whoever answers is well."""
        return messages.HealthCheckResponse(healthy=not self.manager.gracefully_exit)

    async def GetModelInfo(self, request, context):
        return messages.GetModelInfoResponse(vocab_size=self.manager.model_config.vocab_size)

    async def GetLoads(self, request, context):
        loads = [
            messages.SchedulerLoad(num_running_reqs=load.num_running_reqs, num_waiting_reqs=load.num_waiting_reqs)
            for load in await self.manager.get_loads()
        ]
        return messages.GetLoadsResponse(loads=loads)


async def serve(engine, host, port):
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", -1)])
    service.add_VllmEngineServicer_to_server(Servicer(engine), server)
    server.add_insecure_port(f"{host}:{port}")
    await server.start()
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    await stop.wait()
    await server.stop(GRACE_SECONDS)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    ours, flags = parser.parse_known_args()
    engine = sglang.Engine(server_args=prepare_server_args(flags))
    try:
        asyncio.run(serve(engine, ours.host, ours.port))
    finally:
        engine.shutdown()


# The engine's processes are spawned: they import this file, and must not start engines of their own.
if __name__ == "__main__":
    main()
