import { AntiphonError, endpoint, exchange$, inOrder, json, payloadField, text } from '@antiphon/core'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { bytesOf } from '../observed.js'
import { manualPeer } from '../synchronous-link.js'

const Query = t.type({ id: t.string })

/** An endpoint whose responses have a field of this name; all share a response topic. */
const readingOf = (field: string) =>
  endpoint({
    topic: `read/${field}`,
    responseTopic: 'responses',
    request: json(Query),
    response: json(t.type({ id: t.string, [field]: t.number })),
    correlation: payloadField('id'),
  })
type Reading = ReturnType<typeof readingOf>

interface Fixture {
  /** Sends a request with this token. */
  readonly send: (reading: Reading, id: string) => { readonly unsubscribe: () => void }
  readonly respond: (value: object) => void
  /** The outcomes, each with its topic. */
  readonly outcomes: readonly string[]
}

function fixture(): Fixture {
  const outcomes: string[] = []
  const { link, respond } = manualPeer()
  return {
    outcomes,
    send: (reading, id) =>
      exchange$(link, reading, { id }, { timeout: 3_600_000 }).subscribe({
        next: (value) => outcomes.push(`${reading.topic.template}: ${JSON.stringify(value)}`),
        error: (error: unknown) =>
          outcomes.push(`${reading.topic.template}: ${AntiphonError.from(error).rawMessage}`),
      }),
    respond: (value) => respond({ topic: 'responses', payload: bytesOf(JSON.stringify(value)) }),
  }
}

const [heat, mass, speed] = [readingOf('heat'), readingOf('mass'), readingOf('speed')]

describe('requests with the same token and response topic', () => {
  it('get the response that their own codec decodes', () => {
    const { send, respond, outcomes } = fixture()
    for (const reading of [heat, mass, speed]) send(reading, '1')
    respond({ id: '1', mass: 2 })
    respond({ id: '1', speed: 3 })
    respond({ id: '1', heat: 1 })
    expect(outcomes).toEqual([
      'read/mass: {"id":"1","mass":2}',
      'read/speed: {"id":"1","speed":3}',
      'read/heat: {"id":"1","heat":1}',
    ])
  })

  it('get no response once they have been unsubscribed, and leave those of the others', () => {
    const { send, respond, outcomes } = fixture()
    const [, second] = [heat, mass, speed].map((reading) => send(reading, '1'))
    second?.unsubscribe()
    respond({ id: '1', mass: 2 })
    expect(outcomes).toEqual([])
    send(mass, '1')
    respond({ id: '1', mass: 4 })
    respond({ id: '1', speed: 3 })
    expect(outcomes).toEqual(['read/mass: {"id":"1","mass":4}', 'read/speed: {"id":"1","speed":3}'])
  })

  it('fail at once if they have the same codec too, until the other has ended', () => {
    const { send, respond, outcomes } = fixture()
    send(heat, '1')
    send(mass, '1')
    send(heat, '1')
    send(mass, '1')
    const fault =
      'another request is pending on response topic responses with the same correlation: use a response topic per request, or inOrder()'
    expect(outcomes).toEqual([`read/heat: ${fault}`, `read/mass: ${fault}`])
    respond({ id: '1', heat: 1 })
    send(heat, '1')
    respond({ id: '1', heat: 5 })
    respond({ id: '1', mass: 2 })
    expect(outcomes.slice(2)).toEqual([
      'read/heat: {"id":"1","heat":1}',
      'read/heat: {"id":"1","heat":5}',
      'read/mass: {"id":"1","mass":2}',
    ])
  })

  it('are found among others of the same endpoints', () => {
    const { send, respond, outcomes } = fixture()
    for (const id of ['1', '2', '3']) for (const reading of [heat, mass]) send(reading, id)
    respond({ id: '2', mass: 2 })
    respond({ id: '4', mass: 2 })
    respond({ id: '3', heat: 3 })
    respond({ id: '2', mass: 9 })
    expect(outcomes).toEqual(['read/mass: {"id":"2","mass":2}', 'read/heat: {"id":"3","heat":3}'])
  })
})

describe('requests that are answered in order', () => {
  it('get responses from the oldest on, without those that were unsubscribed', () => {
    const echo = endpoint({
      topic: 'echo',
      responseTopic: 'echoes',
      request: text,
      response: text,
      correlation: inOrder(),
    })
    const { link, respond } = manualPeer()
    const outcomes: string[] = []
    const calls = ['a', 'b', 'c', 'd'].map((value) =>
      exchange$(link, echo, value, { timeout: 3_600_000 }).subscribe((response) =>
        outcomes.push(`${value}: ${response}`),
      ),
    )
    calls[1]?.unsubscribe()
    for (const response of ['1', '2', '3']) respond({ topic: 'echoes', payload: bytesOf(response) })
    expect(outcomes).toEqual(['a: 1', 'c: 2', 'd: 3'])
  })
})
