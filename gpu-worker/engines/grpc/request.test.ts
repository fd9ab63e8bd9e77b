import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { imageTokens } from "../../../core/image-tokens.ts";
import { MODELS } from "../../../core/models.ts";
import { tokenizer } from "../../testing/engine.ts";
import { frame, greyImage, type SentImage, TINY } from "../../testing/frames.ts";
import { validateFrame } from "../../validate.ts";
import type { EngineRequest } from "../engine.ts";
import { KNOWN_IMAGES } from "./check.ts";
import { GenerateStreamChunkSchema } from "./protocol_pb.ts";
import { generateRequest, tokensOf, withoutPadding } from "./request.ts";

const AUDIENCE = { worker: "test", boot: "test" };

function requestFor(images: readonly SentImage[], namespace = "0".repeat(64)): EngineRequest {
  const job = validateFrame(frame(AUDIENCE, "What is it?", images, {}, { namespace }), TINY, tokenizer);
  if (!job.ok) throw new Error(job.error.message);
  return job.value.request;
}

function sent(images: readonly SentImage[], namespace?: string) {
  const { tokenized, mmInputs } = generateRequest("id", requestFor(images, namespace), TINY, {});
  return {
    ids: [...(tokenized?.inputIds ?? [])],
    shape: mmInputs?.pixelValues?.shape,
    bytes: mmInputs?.pixelValues?.inline?.length,
    ranges: [...(mmInputs?.mmPlaceholders ?? [])].map(({ offset = 0, length = 0 }) => ({ offset, length })),
    hashes: [...(mmInputs?.mmHashes ?? [])],
  };
}

describe("a request to vLLM", () => {
  it("has one placeholder an image, with as many image tokens as the image has", () => {
    const images = [greyImage(640, 480), greyImage(1000, 300), greyImage(90, 400, 9, "low")];
    const { ids, ranges, shape, bytes, hashes } = sent(images);
    expect(shape).toEqual([3, 5, 3, 336, 336]);
    expect(bytes).toBe(3 * 5 * 3 * 336 * 336 * 4);
    const counts = ranges.map(({ offset, length }) =>
      ids.slice(offset, offset + length).filter((id) => id === TINY.imageToken),
    );
    expect(counts.map((tokens) => tokens.length)).toEqual([
      imageTokens(640, 480, TINY.geometry).total,
      imageTokens(1000, 300, TINY.geometry).total,
      144,
    ]);
    expect(ids.filter((id) => id === TINY.imageToken)).toHaveLength(counts.flat().length);
    expect(new Set(hashes).size).toBe(3);
  });

  it("begins its first range with the prompt, so that the text before the image is keyed by it", () => {
    expect(sent([greyImage(640, 480)]).ranges[0]?.offset).toBe(0);
  });

  it("gives a base view beside a grid as many tiles as the engine will cut from it", () => {
    expect(sent([greyImage(300, 200, 1, "low")]).shape?.[1]).toBe(1);
    expect(sent([greyImage(300, 200, 1, "low"), greyImage(100, 100, 1)]).shape?.[1]).toBeGreaterThanOrEqual(
      3,
    );
  });

  it("names an image, or a text alone, by the customer too", () => {
    for (const images of [[greyImage(640, 480)], []]) {
      const [one, again, other] = ["a", "a", "b"].map((each) => sent(images, each.repeat(64)).hashes);
      expect(one).toHaveLength(1);
      expect(again).toEqual(one);
      expect(other).not.toEqual(one);
    }
  });

  it("asks for greedy decoding and the registry's end alone, and for any seed as one of 31 bits", () => {
    const request = requestFor([]);
    const { samplingParams } = generateRequest(
      "id",
      { ...request, sampling: { ...request.sampling, temperature: 0, seed: -1 } },
      TINY,
      {},
    );
    expect(samplingParams).toMatchObject({ temperature: 0, ignoreEos: true, seed: 2 ** 31 - 1 });
    expect(samplingParams?.stopTokenIds).toEqual([tokenizer.control("<|im_end|>")]);
  });
});

describe("the probabilities that vLLM gives", () => {
  const end = tokenizer.control("<|im_end|>") ?? 0;
  const bias = withoutPadding(100, 102);
  const asking = (topLogprobs: number): EngineRequest => {
    const request = requestFor([]);
    return { ...request, sampling: { ...request.sampling, topLogprobs } };
  };
  const chunk = create(GenerateStreamChunkSchema, {
    tokenIds: [50, end],
    outputLogprobs: {
      tokenIds: [50, end],
      tokenLogprobs: [-3, -1],
      // The sampled id comes first; padding and what a grammar rules out are among the others.
      topLogprobs: [
        { tokenIds: [50, 7, 101, 9, 8], values: [-3, -0.5, -0.75, Number.NEGATIVE_INFINITY, -1.5] },
        { tokenIds: [end], values: [-1] },
      ],
    },
  });

  it("are asked for with room for what is ruled out, and for the sampled id", () => {
    for (const [asked, sent] of [
      [0, 0],
      [5, 8],
    ] as const) {
      expect(generateRequest("id", asking(asked), TINY, bias).samplingParams?.logprobs).toBe(sent);
    }
    expect(generateRequest("id", requestFor([]), TINY, bias).samplingParams?.logprobs).toBeUndefined();
  });

  it("are those of the vocabulary's possible ids, best first, without the end", () => {
    expect(tokensOf(chunk, asking(3), bias)).toEqual({
      type: "tokens",
      ids: [50],
      logprobs: [
        {
          id: 50,
          logprob: -3,
          top: [
            { id: 7, logprob: -0.5 },
            { id: 8, logprob: -1.5 },
            { id: 50, logprob: -3 },
          ],
        },
      ],
    });
    expect(tokensOf(chunk, asking(1), bias).logprobs?.[0]?.top).toEqual([{ id: 7, logprob: -0.5 }]);
    expect(tokensOf(chunk, requestFor([]), bias)).toEqual({ type: "tokens", ids: [50] });
  });
});

describe("the ids that fill the engine's rows up", () => {
  it("are ruled out one by one, and none where every row is an entry", () => {
    expect(withoutPadding(10, 12)).toEqual({ 10: -Infinity, 11: -Infinity });
    expect(withoutPadding(12, 12)).toEqual({});
  });
});

describe("the known images of the warm-up", () => {
  it("tell every order of the pinpoints and every patch of the registry apart", () => {
    for (const { geometry } of MODELS) {
      const others = [
        { ...geometry, pinpointOrder: geometry.pinpointOrder === "wh" ? ("hw" as const) : ("wh" as const) },
        { ...geometry, patch: geometry.patch === 14 ? 28 : 14 },
      ];
      const counts = (each: typeof geometry) =>
        KNOWN_IMAGES.map(({ width, height }) => imageTokens(width, height, each).total).join();
      for (const other of others) expect(counts(other)).not.toBe(counts(geometry));
    }
  });
});
