import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { expect, it } from "vitest";
import { newWebhookSecret, signedHeaders } from "./sign.ts";

it("gives the published vector's signature", async () => {
  const headers = await signedHeaders("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestamp: 1_614_265_330,
    body: '{"test": 2432232314}',
  });
  expect(headers).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
});

it("is accepted by the standardwebhooks package, whatever the body", async () => {
  const secret = newWebhookSecret();
  const timestamp = Math.floor(Date.now() / 1000);
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme" }), async (text) => {
      const body = JSON.stringify({ text });
      const headers = await signedHeaders(secret, { id: "evt_1", timestamp, body });
      expect(new Webhook(secret).verify(body, headers)).toEqual({ text });
      expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow();
    }),
  );
});

it("makes secrets of 32 bytes, each its own", () => {
  const secrets = Array.from({ length: 20 }, newWebhookSecret);
  expect(new Set(secrets).size).toBe(20);
  for (const secret of secrets) expect(secret).toMatch(/^whsec_[0-9A-Za-z+/]{43}=$/);
});

it("refuses a secret of another kind", async () => {
  const message = { id: "evt_1", timestamp: 0, body: "{}" };
  await expect(signedHeaders("whsk_AAAA", message)).rejects.toThrow("whsec_");
});
