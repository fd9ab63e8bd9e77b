import { describe, expect, it } from "vitest";
import { checkPublicUrl } from "./url.ts";

describe("checkPublicUrl", () => {
  it.each([
    "https://example.com/cat.jpg",
    "https://example.com./cat.jpg",
    "https://xn--bcher-kva.example.org/a",
  ])("lets %s through", (url) => {
    expect(checkPublicUrl(url)).toMatchObject({ ok: true });
  });

  it.each([
    "http://example.com/",
    "https://example.com:8443/",
    "https://user:secret@example.com/",
    "https://127.0.0.1/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://①②⑦.⓪.⓪.①/",
    "https://[::1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://10.0.0.8/",
    "https://169.254.169.254/latest/meta-data/",
    "https://localhost/",
    "https://localhost./",
    "https://gpu.internal/",
    "https://printer.local/",
    "https://printer.localdomain/",
    "https://intranet/",
    "ftp://example.com/",
    "file:///etc/passwd",
  ])("refuses %s", (url) => {
    expect(checkPublicUrl(url)).toMatchObject({ ok: false, error: { code: "url_not_public" } });
  });

  it.each(["", "cat.jpg", "https://", `https://example.com/${"a".repeat(2048)}`])(
    "calls %s no URL",
    (url) => {
      expect(checkPublicUrl(url)).toMatchObject({ ok: false, error: { code: "url_invalid" } });
    },
  );

  it("allows loopback http only where told to", () => {
    expect(checkPublicUrl("http://127.0.0.1:9000/hook", { loopback: true })).toMatchObject({ ok: true });
    expect(checkPublicUrl("http://10.0.0.1:9000/hook", { loopback: true })).toMatchObject({ ok: false });
  });

  it("allows an exact origin on loopback, and no other origin whatever the list says", () => {
    const allowed = (url: string, ...origins: string[]) => checkPublicUrl(url, { origins }).ok;
    expect(allowed("https://127.0.0.1:9443/a", "https://127.0.0.1:9443")).toBe(true);
    expect(allowed("https://127.0.0.1:9444/a", "https://127.0.0.1:9443")).toBe(false);
    expect(allowed("http://127.0.0.1:9443/a", "https://127.0.0.1:9443")).toBe(false);
    expect(allowed("https://10.0.0.1:9443/a", "https://10.0.0.1:9443")).toBe(false);
    expect(allowed("https://example.com:9443/a", "https://example.com:9443")).toBe(false);
  });
});
