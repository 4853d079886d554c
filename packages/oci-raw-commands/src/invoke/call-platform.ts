import { AntiphonError } from '@antiphon/core'

/** How to reach a platform over HTTP. */
export interface PlatformAddress {
  /** The root of its HTTP API, such as `http://127.0.0.1:8080`. */
  readonly url: string
  /** The function that sends HTTP requests, for example one that signs them. @defaultValue the global `fetch` */
  readonly fetch?: typeof globalThis.fetch
}

/** The API version in every path. */
export const version = '20250531'

/** Sends a request to the platform's API. Rejects if the platform cannot be reached, or answers with an error. */
export async function callPlatform(
  { url, fetch = globalThis.fetch }: PlatformAddress,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const response = await fetch(`${url.replace(/\/$/, '')}/${version}/${path}`, init).catch(
    (cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new AntiphonError('connection-lost', `cannot reach the platform at ${url}: ${reason}`, { cause })
    },
  )
  if (response.ok) return response
  const body = await response.text()
  const isInvalid = [400, 404, 409, 413].includes(response.status)
  throw new AntiphonError(
    isInvalid ? 'invalid-argument' : 'unknown',
    `the platform answered ${response.status}: ${describeBody(body)}`,
  )
}

function describeBody(body: string): string {
  try {
    const { code, message } = JSON.parse(body) as { readonly code?: unknown; readonly message?: unknown }
    return `${String(code)}: ${String(message)}`
  } catch {
    return body.slice(0, 200)
  }
}
