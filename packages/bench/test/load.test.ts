import { describe, expect, it } from 'vitest'
import type { Talk } from '../src/peers/contract.js'
import { slice, type Answered } from '../src/peers/load.js'

const order = { inFlight: 4, milliseconds: 1, bytes: 32 }

/** Opens a caller that hands each question, and how to end it, to somebody. */
function requester(take: (request: Talk, on: Answered) => void): Parameters<typeof slice>[0] {
  return (on) => (request) => setImmediate(() => take(request, on))
}

describe('slice', () => {
  it('keeps so many open and counts every answer once, however often it comes', async () => {
    let open = 0
    let most = 0
    const measured = await slice(
      (on) => (request) => {
        most = Math.max(most, ++open)
        setImmediate(() => {
          open -= 1
          on.answered(request)
          on.answered(request)
        })
      },
      order,
    )
    expect(most).toBe(4)
    expect(measured.answered).toBe(measured.asked)
    expect(measured.asked).toBeGreaterThanOrEqual(4)
  })

  it('asks in payloads of the same length, each with an id of its own', async () => {
    const requested: Talk[] = []
    await slice(
      requester((request, on) => {
        requested.push(request)
        on.answered(request)
      }),
      order,
    )
    expect(new Set(requested.map((each) => JSON.stringify(each).length))).toEqual(new Set([32]))
    expect(new Set(requested.map(({ id }) => id)).size).toBe(requested.length)
  })

  it('says how many failed, and why the first did', async () => {
    let count = 0
    const measured = await slice(
      requester((request, on) =>
        ++count === 2 ? on.failed(new Error('Quota exceeded')) : on.answered(request),
      ),
      order,
    )
    expect(measured.asked - measured.answered).toBe(1)
    expect(measured.error).toBe('Quota exceeded')
  })

  it('leaves out answers to an earlier slice', async () => {
    const late: (() => void)[] = []
    const first: Talk[] = []
    await slice(
      requester((request, on) => {
        first.push(request)
        on.answered(request)
      }),
      order,
    )
    const measured = await slice(
      requester((request, on) => {
        for (const each of first) on.answered(each)
        late.push(() => on.answered(request))
        late.shift()?.()
      }),
      order,
    )
    expect(measured.answered).toBe(measured.asked)
  })
})
