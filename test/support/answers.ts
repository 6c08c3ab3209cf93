/** The operation that the tests are about, where they say nothing else. */
export const name = "operations/x"

export const json = (body: unknown, init?: ResponseInit): Response =>
  new Response(JSON.stringify(body), { ...init, headers: { "content-type": "application/json", ...init?.headers } })

export const html = (status: number) => (): Response => new Response("<html>no</html>", { status })

export const pending = (headers: Record<string, string> = {}): Response => json({ name }, { headers })

export const succeeded = (): Response => json({ name, done: true })

export const googleError = (
  code: number,
  status: string,
  init: { readonly message?: string; readonly headers?: Record<string, string>; readonly details?: Array<unknown> } = {}
): Response =>
  json(
    { error: { code, message: init.message ?? "it did not work", status, details: init.details ?? [] } },
    { status: code, headers: init.headers ?? {} }
  )

export const unavailable = (headers: Record<string, string> = {}): Response =>
  googleError(503, "UNAVAILABLE", { headers })
