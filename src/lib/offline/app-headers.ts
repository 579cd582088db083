/**
 * Gives responses the headers of the app, for hosts that cannot: isolation, and the content security
 * policy, which a worker takes from its own response. Changes no body.
 */

/** Statuses whose responses have no body (Fetch Standard, null body status). */
const NO_BODY = [101, 103, 204, 205, 304];

/** The response with these headers in place of its own of the same names; reads no body. */
export function withHeaders(
  response: Response,
  headers: Readonly<Record<string, string>>,
): Response {
  // A redirect that the browser has to follow itself, or an error, cannot be copied.
  if (response.type === 'opaqueredirect' || response.type === 'error') return response;
  const all = new Headers(response.headers);
  for (const [name, value] of Object.entries(headers)) all.set(name, value);
  const { status, statusText } = response;
  const body = NO_BODY.includes(status) ? null : response.body;
  return new Response(body, { status, statusText, headers: all });
}
