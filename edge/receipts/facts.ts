import type { RequestFacts } from "../account/receipts.ts";
import type { Question } from "../chat/prepare.ts";

/** What a question's receipt will say, whatever comes of it. `requestHash` is its body's, see `readHashedJson`. */
export function factsOf({ model, images, plan }: Question, requestHash: string): RequestFacts {
  const { most } = plan;
  return {
    requestHash,
    images: images.map(({ digest }) => digest),
    model: model.id,
    revision: model.revision,
    priceVersion: plan.price.version,
    tokens: most.imageTokens + most.textTokens + most.outputTokens,
  };
}
