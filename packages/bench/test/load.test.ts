import { describe, expect, it } from 'vitest'
import type { EchoMessage } from '../src/peers/contract.js'
import { slice, type RequestCallbacks } from '../src/peers/load.js'

const options = { inFlight: 4, milliseconds: 1, bytes: 32 }

/** Returns a function that opens a requester and passes each request with its callbacks to `handle`. */
function requester(
  handle: (request: EchoMessage, callbacks: RequestCallbacks) => void,
): Parameters<typeof slice>[0] {
  return (callbacks) => (request) => setImmediate(() => handle(request, callbacks))
}

describe('slice', () => {
  it('keeps the given number of requests in flight and counts every response once', async () => {
    let open = 0
    let most = 0
    const measured = await slice(
      (callbacks) => (request) => {
        most = Math.max(most, ++open)
        setImmediate(() => {
          open -= 1
          callbacks.onResponse(request)
          callbacks.onResponse(request)
        })
      },
      options,
    )
    expect(most).toBe(4)
    expect(measured.answered).toBe(measured.sent)
    expect(measured.sent).toBeGreaterThanOrEqual(4)
  })

  it('sends payloads of the same length with distinct ids', async () => {
    const sent: EchoMessage[] = []
    await slice(
      requester((request, callbacks) => {
        sent.push(request)
        callbacks.onResponse(request)
      }),
      options,
    )
    expect(new Set(sent.map((request) => JSON.stringify(request).length))).toEqual(new Set([32]))
    expect(new Set(sent.map(({ id }) => id)).size).toBe(sent.length)
  })

  it('returns the number of failures and the first error', async () => {
    let count = 0
    const measured = await slice(
      requester((request, callbacks) =>
        ++count === 2 ? callbacks.onError(new Error('Quota exceeded')) : callbacks.onResponse(request),
      ),
      options,
    )
    expect(measured.sent - measured.answered).toBe(1)
    expect(measured.error).toBe('Quota exceeded')
  })

  it('ignores responses to requests of an earlier slice', async () => {
    const late: (() => void)[] = []
    const first: EchoMessage[] = []
    await slice(
      requester((request, callbacks) => {
        first.push(request)
        callbacks.onResponse(request)
      }),
      options,
    )
    const measured = await slice(
      requester((request, callbacks) => {
        for (const earlier of first) callbacks.onResponse(earlier)
        late.push(() => callbacks.onResponse(request))
        late.shift()?.()
      }),
      options,
    )
    expect(measured.answered).toBe(measured.sent)
  })
})
