/** Preloaded into Portkey's gateway: it changes the headers of fetched answers, which Node forbids, and could not stream. */
const { fetch } = globalThis;

globalThis.fetch = async (...request) => {
  const { body, status, statusText, headers } = await fetch(...request);
  return new Response(body, { status, statusText, headers: new Headers(headers) });
};
