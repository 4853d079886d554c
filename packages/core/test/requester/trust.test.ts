import {
  endpoint,
  exchange$,
  bytes,
  text,
  unmatchedResponses$,
  userProperty,
  type ExchangeOptions,
  type OutgoingMessage,
} from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { observe, respondOn, responseTo, textOf } from '../observed.js'
import { inWorld } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const binary = endpoint({ topic: 'echo', request: text, response: bytes })
const fromNorth = [['responder', 'north']] as const

/** Returns the values, the end and the unmatched responses of an exchange. */
function outcomeOf(
  options: ExchangeOptions,
  responses: (request: OutgoingMessage) => readonly OutgoingMessage[],
  target: typeof echo | typeof binary = echo,
): { readonly values: readonly unknown[]; readonly end: unknown; readonly unmatched: readonly string[] } {
  let outcome: ReturnType<typeof outcomeOf> | undefined
  inWorld((world) => {
    respondOn(world, 'echo', responses)
    world.advance(10)
    const link = world.link('requester')
    const unmatched = observe(world, unmatchedResponses$(link))
    const call = observe<unknown>(
      world,
      exchange$(link, target as typeof echo, 'x', { timeout: 500, ...options }),
    )
    world.advance(1_000)
    outcome = {
      values: call.values,
      end: call.ending(),
      unmatched: unmatched.values.map(({ message }) => textOf(message)),
    }
  })
  return outcome as NonNullable<typeof outcome>
}

describe('expectedResponder', () => {
  const expectedResponder: NonNullable<ExchangeOptions['expectedResponder']> = ({ userProperties }) => {
    const responder = userProperty(userProperties, 'responder')
    if (responder === 'throw') throw new Error('not verifiable')
    return responder === 'north'
  }

  it('leaves a response of another responder unmatched, and takes that of the expected one', () => {
    const responses = (request: OutgoingMessage): readonly OutgoingMessage[] => [
      responseTo(request, 'forged'),
      responseTo(request, 'unverifiable', { userProperties: [['responder', 'throw']] }),
      responseTo(request, 'genuine', { userProperties: fromNorth }),
    ]
    expect(outcomeOf({ expectedResponder }, responses)).toEqual({
      values: ['genuine'],
      end: 'complete',
      unmatched: ['forged', 'unverifiable'],
    })
  })

  it('times out if only others respond', () => {
    const { end, unmatched } = outcomeOf({ expectedResponder }, (request) => [responseTo(request, 'forged')])
    expect(end).toMatchObject({ code: 'timeout' })
    expect(unmatched).toEqual(['forged'])
  })
})

describe('strictResponses', () => {
  it('rejects a response without __stat', () => {
    const { end } = outcomeOf({ strictResponses: true }, (request) => [responseTo(request, 'y')])
    expect(end).toMatchObject({
      code: 'protocol',
      rawMessage: 'the response has no __stat, and strictResponses requires one',
    })
  })

  it('accepts a response with __stat', () => {
    const properties = { userProperties: [['__stat', '200']] } as const
    const { values } = outcomeOf({ strictResponses: true }, (request) => [
      responseTo(request, 'y', properties),
    ])
    expect(values).toEqual(['y'])
  })
})

describe('a response with a Payload Format Indicator of 1', () => {
  const payload = Uint8Array.of(0x61, 0xff)

  it.each([
    ['a text codec', echo],
    ['a binary codec', binary],
  ])('and a payload that is not UTF-8 fails with protocol for %s', (_, target) => {
    const response = (request: OutgoingMessage): readonly OutgoingMessage[] => [
      { ...responseTo(request, ''), payload, payloadFormatIndicator: true },
    ]
    expect(outcomeOf({}, response, target).end).toMatchObject({
      code: 'protocol',
      rawMessage:
        'the response is malformed: its Payload Format Indicator is 1, but the payload is not UTF-8',
    })
  })

  it('and a UTF-8 payload is decoded by a binary codec', () => {
    const response = (request: OutgoingMessage): readonly OutgoingMessage[] => [
      responseTo(request, 'ü', { payloadFormatIndicator: true }),
    ]
    expect(outcomeOf({}, response, binary).values).toEqual([text.encode('ü')])
  })

  it('of 0 and a payload that is not UTF-8 fails with decode for a text codec', () => {
    const response = (request: OutgoingMessage): readonly OutgoingMessage[] => [
      { ...responseTo(request, ''), payload, payloadFormatIndicator: false },
    ]
    expect(outcomeOf({}, response).end).toMatchObject({ code: 'decode' })
  })
})
