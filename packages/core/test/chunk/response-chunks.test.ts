import { endpoint, exchange$, text, type ExchangeOptions, type UserProperties } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { fromChunkHeader } from '../../src/chunk/chunk-header.js'
import { crc32c } from '../../src/chunk/crc32c.js'
import { bytesOf, observe, publishedBy, responseTo, type Observed } from '../observed.js'
import { inWorld, type World } from '../world.js'

interface Fixture {
  readonly world: World
  readonly call: Observed<string>
  /** Publishes the first or the second half of a response, as a responder that sends no ids of chunks. */
  readonly sendHalf: (half: 0 | 1, response: string, more?: Half) => void
  readonly respond: (userProperties: UserProperties) => void
}

interface Half {
  readonly userProperties?: UserProperties
  /** The checksum that the first half names. @defaultValue that of the response */
  readonly checksum?: string
}

/** Runs a test with a pending request for one response, or for many. */
function withPendingRequest(
  responses: 'one' | 'many',
  test: (fixture: Fixture) => void,
  options: ExchangeOptions = {},
): void {
  inWorld((world) => {
    const halves = endpoint({ topic: 'halves', request: text, response: text, responses })
    const published = publishedBy(world, 'requester')
    const call = observe(world, exchange$(world.link('requester'), halves, 'x', options))
    world.advance(10)
    const publish = (payload: string, userProperties: UserProperties): void => {
      for (const { message } of published.slice(-1))
        world.broker.publish(responseTo(message, payload, { userProperties }))
      world.advance(5)
    }
    test({
      world,
      call,
      respond: (userProperties) => publish('', userProperties),
      sendHalf: (index, response, { userProperties = [], checksum = crc32c(bytesOf(response)) } = {}) => {
        const size = response.length
        const header = fromChunkHeader({ index, count: 2, size, ...(index === 0 ? { checksum } : {}) })
        const middle = Math.ceil(size / 2)
        const payload = index === 0 ? response.slice(0, middle) : response.slice(middle)
        publish(payload, [...userProperties, ['__chunk', header]])
      },
    })
  })
}

describe('a response in chunks', () => {
  it('is received whole', () => {
    withPendingRequest('one', ({ call, sendHalf }) => {
      sendHalf(1, 'abcd')
      expect(call.values).toEqual([])
      sendHalf(0, 'abcd')
      expect([call.values, call.ending()]).toEqual([['abcd'], 'complete'])
    })
  })

  it('fails the request if the chunks do not fit together', () => {
    withPendingRequest('one', ({ call, sendHalf }) => {
      sendHalf(0, 'abcd', { checksum: '00000001' })
      sendHalf(1, 'abcd')
      expect(call.ending()).toMatchObject({
        code: 'protocol',
        rawMessage: expect.stringMatching(/^cannot assemble the response: \S/) as string,
      })
    })
  })

  it('fails the request if chunks without an id name different sizes', () => {
    withPendingRequest('one', ({ call, sendHalf }) => {
      sendHalf(0, 'abcd')
      sendHalf(1, 'abcdefgh')
      expect(call.ending()).toMatchObject({ code: 'protocol' })
    })
  })

  it('is not assembled from the chunks of several attempts', () => {
    const retry = { count: 1, backOff: { initial: 10, maximum: 10, jitter: 0 } }
    withPendingRequest(
      'one',
      ({ world, call, sendHalf, respond }) => {
        sendHalf(0, 'abcd')
        respond([['__stat', '503']])
        world.advance(20)
        sendHalf(1, 'abcd')
        expect(call.values).toEqual([])
        sendHalf(0, 'abcd')
        expect(call.values).toEqual(['abcd'])
      },
      { retry },
    )
  })
})

it('tells the chunks of several items apart by the positions of the items', () => {
  withPendingRequest('many', ({ call, sendHalf, respond }) => {
    const [first, second] = ['0', '1'].map(
      (position) => ({ userProperties: [['__stream', position]] }) as const,
    )
    sendHalf(0, 'abcd', first)
    sendHalf(0, 'efgh', second)
    sendHalf(1, 'abcd', first)
    sendHalf(1, 'efgh', second)
    respond([['__stream', '2:last']])
    expect([call.values, call.ending()]).toEqual([['abcd', 'efgh'], 'complete'])
  })
})
