import {
  endpoint,
  exchange$,
  json,
  text,
  type AntiphonError,
  type OutgoingMessage,
  type UserProperties,
} from '@antiphon/core'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { respondOn, observe, responseTo } from '../observed.js'
import { inWorld } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const reading = endpoint({ topic: 'echo', request: text, response: json(t.type({ celsius: t.number })) })

/** What a caller makes of one reply. */
function outcomeOf(
  payload: string,
  properties: Partial<OutgoingMessage> = {},
  requested: typeof echo | typeof reading = echo,
): readonly [readonly unknown[], 'complete' | AntiphonError | undefined] {
  let outcome: readonly [readonly unknown[], 'complete' | AntiphonError | undefined] = [[], undefined]
  inWorld((world) => {
    respondOn(world, 'echo', (request) => [responseTo(request, payload, properties)])
    world.advance(10)
    const call = observe<unknown>(world, exchange$(world.link('caller'), requested as typeof echo, 'x'))
    world.advance(50)
    outcome = [call.values, call.ending()]
  })
  return outcome
}

describe('a reply', () => {
  it.each<[what: string, userProperties: UserProperties | undefined]>([
    ['no status: a plain peer’s', undefined],
    ['__stat 200', [['__stat', '200']]],
    ['unknown properties', [['whatever', 'x']]],
    ['unknown properties of the protocol', [['__ts', '0:0:x']]],
  ])('with %s is an answer', (_, userProperties) => {
    const properties = userProperties === undefined ? {} : { userProperties }
    expect(outcomeOf('22.5', properties)).toEqual([['22.5'], 'complete'])
  })

  it.each([
    ['no content type', {}],
    ['format indicator 0', { payloadFormatIndicator: false }],
    ['another charset parameter', { contentType: 'application/json; charset=utf-8' }],
  ])('of JSON with %s is an answer', (_, properties) => {
    expect(outcomeOf('{"celsius":22.5}', properties, reading)).toEqual([[{ celsius: 22.5 }], 'complete'])
  })

  it('with 204 and an empty payload is the empty value where the codec has one', () => {
    expect(outcomeOf('', { userProperties: [['__stat', '204']] })).toEqual([[''], 'complete'])
  })

  it('with 204 is an error where the codec has no empty value', () => {
    const [values, outcome] = outcomeOf('', { userProperties: [['__stat', '204']] }, reading)
    expect(values).toEqual([])
    expect(outcome).toMatchObject({ code: 'decode' })
  })

  it('that does not decode is a decode error with its path', () => {
    const [, outcome] = outcomeOf('{"celsius":"warm"}', {}, reading)
    expect(outcome).toMatchObject({ code: 'decode', endpoint: 'echo', phase: 'after-network' })
    expect(outcome).toMatchObject({ message: expect.stringContaining('$.celsius') as string })
  })

  it('of a content type nobody reads is a decode error that names it', () => {
    const [, outcome] = outcomeOf('<t/>', { contentType: 'application/xml' }, reading)
    expect(outcome).toMatchObject({ code: 'decode' })
    expect(outcome).toMatchObject({ message: expect.stringContaining('application/xml') as string })
  })

  it('with a __stat that cannot be read breaks the protocol', () => {
    const [, outcome] = outcomeOf('22.5', { userProperties: [['__stat', 'OK']] })
    expect(outcome).toMatchObject({ code: 'protocol', endpoint: 'echo' })
    expect(outcome).toMatchObject({ message: expect.stringContaining('"OK"') as string })
  })

  it.each([400, 408, 415, 499, 500, 503, 505, 418, 777])(
    'with __stat %d is an error that says so',
    (code) => {
      const [values, outcome] = outcomeOf('not looked at', {
        userProperties: [
          ['__stat', String(code)],
          ['__stMsg', 'because'],
        ],
      })
      expect(values).toEqual([])
      expect(outcome).toMatchObject({
        code: 'status',
        status: { code, message: 'because', isApplicationError: false },
        endpoint: 'echo',
        topic: 'echo',
        phase: 'after-network',
      })
    },
  )

  it('of the application itself carries its code and payload', () => {
    const [, outcome] = outcomeOf('', {
      userProperties: [
        ['__stat', '500'],
        ['__apErr', 'true'],
        ['AppErrCode', 'door-open'],
        ['AppErrPayload', '3'],
      ],
    })
    expect(outcome).toMatchObject({
      status: { isApplicationError: true, applicationCode: 'door-open', applicationPayload: '3' },
    })
  })
})
