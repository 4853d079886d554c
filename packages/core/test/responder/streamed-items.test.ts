import { endpoint, requests$, serve, text, withProperties } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { manualPeer } from '../synchronous-link.js'
import { bytesOf, textOf } from '../observed.js'
import { cancelProperties, requestProperties, withResponder } from './with-responder.js'

const many = endpoint({
  topic: 'echo',
  request: text,
  response: text,
  responses: 'many',
  reservedProperties: ['__srcId'],
})
type ManyTypes = NonNullable<(typeof many)['types']>

const gathering = { userProperties: [['__gather', '1']] } as const

describe('a handler of many responses', () => {
  it('names the responder once in an item of a gathering requester that the handler has named', () => {
    const named = withProperties('a', { userProperties: [['__srcId', 'EAST']] })
    withResponder<ManyTypes>({ endpoint: many, handler: () => [named, 'b'] }, (setup) => {
      const { sendRequest, world, responses } = setup
      world.link('requester').messages$('responses').subscribe()
      world.advance(10)
      sendRequest('x', gathering)
      world.advance(50)
      const names = responses.map(({ message }) =>
        message.userProperties?.filter(([name]) => name === '__srcId').map(([, value]) => value),
      )
      expect(names).toEqual([['EAST'], ['EAST'], ['EAST']])
    })
  })

  it('is run for a notification of a gathering requester, and sends nothing', () => {
    const notification = endpoint({
      topic: 'echo',
      request: text,
      response: text,
      responses: 'many',
      acceptsNotifications: true,
    })
    withResponder({ endpoint: notification, handler: () => ['a', 'b'] }, (setup) => {
      const { sendRequest, world, responses, records } = setup
      sendRequest('x', { ...gathering, responseTopic: undefined } as never)
      world.advance(50)
      expect(responses).toEqual([])
      expect(records.values).toMatchObject([{ outcome: 'responded', status: 200 }])
    })
  })

  it('has responded if its requester cancels after the end was sent', () => {
    withResponder<ManyTypes>({ endpoint: many, handler: () => ['a'] }, (setup) => {
      const { sendRequest, sendControl, world, records } = setup
      world.link('requester').messages$('responses').subscribe()
      world.advance(10)
      world.broker.inject({ kind: 'delay', by: 1_000, packets: ['puback'], clientId: 'server' })
      sendRequest('x')
      world.advance(50)
      sendControl(cancelProperties)
      world.advance(5_000)
      expect(records.values).toMatchObject([{ outcome: 'responded', status: 200 }])
    })
  })

  it('sends 10 000 items over a link that acknowledges synchronously', () => {
    const items = Array.from({ length: 10_000 }, (_, index) => String(index))
    const { link, requests, respond } = manualPeer()
    const outcomes: string[] = []
    requests$(link, many)
      .pipe(serve(() => items))
      .subscribe(({ outcome }) => outcomes.push(outcome))
    // The first message makes the link deliver what the test sends.
    link.publish$({ topic: 'first', payload: bytesOf('') }).subscribe()
    respond({ topic: 'echo', payload: bytesOf('x'), ...requestProperties })
    const sent = requests.filter(({ topic }) => topic === 'responses').map(textOf)
    expect(sent).toEqual([...items, ''])
    expect(outcomes).toEqual(['responded'])
  })

  it.each<[what: string, returned: unknown, message: string]>([
    ['a string', 'text', 'the handler returned "text": it must return a stream of responses'],
    ['nothing', undefined, 'the handler returned undefined: it must return a stream of responses'],
  ])('names in its record what it returned in place of a stream: %s', (_, returned, message) => {
    withResponder<ManyTypes>({ endpoint: many, handler: () => returned as never }, (setup) => {
      const { sendRequest, world, records } = setup
      sendRequest('x')
      world.advance(50)
      expect(records.values).toMatchObject([{ outcome: 'failed', status: 500, error: { message } }])
    })
  })
})
