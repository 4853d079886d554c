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

/** Returns the values and the outcome of a request for one response. */
function outcomeOf(
  payload: string,
  properties: Partial<OutgoingMessage> = {},
  target: typeof echo | typeof reading = echo,
): readonly [readonly unknown[], 'complete' | AntiphonError | undefined] {
  let outcome: readonly [readonly unknown[], 'complete' | AntiphonError | undefined] = [[], undefined]
  inWorld((world) => {
    respondOn(world, 'echo', (request) => [responseTo(request, payload, properties)])
    world.advance(10)
    const call = observe<unknown>(world, exchange$(world.link('requester'), target as typeof echo, 'x'))
    world.advance(50)
    outcome = [call.values, call.ending()]
  })
  return outcome
}

describe('a response', () => {
  it.each<[name: string, userProperties: UserProperties | undefined]>([
    ['no status', undefined],
    ['__stat 200', [['__stat', '200']]],
    ['unknown properties', [['whatever', 'x']]],
    ['unknown properties of the protocol', [['__ts', '0:0:x']]],
  ])('accepts a response with %s', (_, userProperties) => {
    const properties = userProperties === undefined ? {} : { userProperties }
    expect(outcomeOf('22.5', properties)).toEqual([['22.5'], 'complete'])
  })

  it.each([
    ['no content type', {}],
    ['format indicator 0', { payloadFormatIndicator: false }],
    ['another charset parameter', { contentType: 'application/json; charset=utf-8' }],
  ])('accepts a JSON response with %s', (_, properties) => {
    expect(outcomeOf('{"celsius":22.5}', properties, reading)).toEqual([[{ celsius: 22.5 }], 'complete'])
  })

  it('decodes an empty response with status 204', () => {
    expect(outcomeOf('', { userProperties: [['__stat', '204']] })).toEqual([[''], 'complete'])
  })

  it('fails with decode on status 204 when the codec rejects an empty payload', () => {
    const [values, outcome] = outcomeOf('', { userProperties: [['__stat', '204']] }, reading)
    expect(values).toEqual([])
    expect(outcome).toMatchObject({ code: 'decode' })
  })

  it('fails with decode and the path of the fault on an invalid response', () => {
    const [, outcome] = outcomeOf('{"celsius":"warm"}', {}, reading)
    expect(outcome).toMatchObject({ code: 'decode', endpoint: 'echo', phase: 'after-network' })
    expect(outcome).toMatchObject({ message: expect.stringContaining('$.celsius') as string })
  })

  it('fails with decode and the content type on an unsupported one', () => {
    const [, outcome] = outcomeOf('<t/>', { contentType: 'application/xml' }, reading)
    expect(outcome).toMatchObject({ code: 'decode' })
    expect(outcome).toMatchObject({ message: expect.stringContaining('application/xml') as string })
  })

  it('fails with protocol on an unreadable __stat', () => {
    const [, outcome] = outcomeOf('22.5', { userProperties: [['__stat', 'OK']] })
    expect(outcome).toMatchObject({ code: 'protocol', endpoint: 'echo' })
    expect(outcome).toMatchObject({ message: expect.stringContaining('"OK"') as string })
  })

  it.each([400, 408, 415, 499, 500, 503, 505, 418, 777])('fails with status on __stat %d', (code) => {
    const [values, outcome] = outcomeOf('ignored', {
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
  })

  it('fails with the code and payload of an ApplicationError', () => {
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
