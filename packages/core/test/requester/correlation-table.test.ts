import { endpoint, exchange$, json, payloadField, type Codec, type Endpoint } from '@antiphon/core'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { bytesOf, textOf } from '../observed.js'
import { manualPeer } from '../synchronous-link.js'

const Reading = t.type({ id: t.string })

/** The requests of one link, each by an endpoint of its own, and how many payloads their codecs decoded. */
interface Fixture {
  readonly send: () => void
  /** Responds to the request with this index. */
  readonly respond: (index: number) => void
  readonly received: readonly unknown[]
  readonly decoded: () => number
}

function withEndpointPerRequest(): Fixture {
  const { link, requests, respond } = manualPeer()
  let decoded = 0
  const newEndpoint = (): Endpoint => {
    const codec = json(Reading) as Codec<unknown>
    const counting: Codec<unknown> = {
      ...codec,
      decode: (...args) => {
        decoded++
        return codec.decode(...args)
      },
    }
    return endpoint({
      topic: 'request',
      responseTopic: 'response',
      request: codec,
      response: counting,
      correlation: payloadField('id'),
    })
  }
  const received: unknown[] = []
  return {
    send: () =>
      void exchange$(link, newEndpoint(), {}, { timeout: 3_600_000 }).subscribe((response) =>
        received.push(response),
      ),
    respond: (index) => {
      const payload = requests[index]?.payload ?? bytesOf('')
      respond({ topic: 'response', payload: bytesOf(textOf({ payload })) })
    },
    received,
    decoded: () => decoded,
  }
}

describe('matching with an endpoint per request', () => {
  it('decodes a response at most twice, however many endpoints have pending requests', () => {
    const { send, respond, received, decoded } = withEndpointPerRequest()
    for (let count = 0; count < 1_000; count++) send()
    for (const index of [999, 500, 0]) respond(index)
    expect(received).toHaveLength(3)
    expect(decoded()).toBeLessThanOrEqual(6)
  })

  it('decodes a response at most twice, however many endpoints have had requests', () => {
    const { send, respond, received, decoded } = withEndpointPerRequest()
    for (let index = 0; index < 1_000; index++) {
      send()
      respond(index)
    }
    expect(received).toHaveLength(1_000)
    expect(decoded()).toBeLessThanOrEqual(2_000)
  })

  it('decodes a response that matches no request once', () => {
    const { send, respond, decoded } = withEndpointPerRequest()
    for (let count = 0; count < 10; count++) send()
    respond(0)
    const before = decoded()
    respond(0)
    expect(decoded()).toBe(before + 1)
  })

  it('decodes no response with the codec of an endpoint whose requests have ended', () => {
    const { link, respond } = manualPeer()
    const decodings: string[] = []
    let responseOf = ''
    const call = (field: string): void => {
      const codec = json(t.type({ id: t.string, [field]: t.number })) as Codec<unknown>
      const decode: typeof codec.decode = (...args) => {
        decodings.push(`${field} decodes ${responseOf}`)
        return codec.decode(...args)
      }
      const reading = endpoint({
        topic: 'request',
        responseTopic: 'response',
        request: json(Reading),
        response: { ...codec, decode },
        correlation: payloadField('id'),
      })
      exchange$(link, reading, { id: field }, { timeout: 3_600_000 }).subscribe()
      responseOf = field
      respond({ topic: 'response', payload: bytesOf(JSON.stringify({ id: field, [field]: 1 })) })
    }
    for (const field of ['first', 'second', 'third']) call(field)
    expect([...new Set(decodings)]).toEqual([
      'first decodes first',
      'second decodes second',
      'third decodes third',
    ])
  })
})
