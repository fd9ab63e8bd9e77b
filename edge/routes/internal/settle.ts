/** GPU workers report here what they computed for a request whose stream was cut. Never a customer's key. */
import { SETTLE_PATH, settleReport } from "../../../core/settle.ts";
import { emptyEnd } from "../../account/receipts.ts";
import { ApiError } from "../../errors.ts";
import { openClaim } from "../../generate/claim.ts";
import { partialCharge } from "../../generate/partial-charge.ts";
import type { App } from "../operation.ts";
import { readSigned } from "./read-signed.ts";

/**
 * Not in the public specification. Whether the report came first is the account's to say; the worker is done either
 * way.
 */
export function mountSettle(app: App): void {
  app.post(SETTLE_PATH, async (context) => {
    const report = settleReport.safeParse((await readSigned(context, SETTLE_PATH)).report);
    if (!report.success) throw new ApiError("invalid_value", "The report does not follow its schema.");
    const { ACCOUNT, KEY_SECRET, KEY_SECRET_PREVIOUS } = context.env;
    const claim = await openClaim(report.data.claim, KEY_SECRET, KEY_SECRET_PREVIOUS);
    if (!claim) {
      throw new ApiError("invalid_value", "The claim was not made by this edge.", { param: "claim" });
    }
    const { account, job, attempt, price, most, cache } = claim;
    const { charge, usage } = partialCharge(price, most, report.data.usage.outputTokens);
    await ACCOUNT.get(ACCOUNT.idFromName(account)).settle({
      job,
      attempt,
      charge,
      end: { ...emptyEnd("canceled"), usage, cache },
    });
    return context.body(null, 204);
  });
}
