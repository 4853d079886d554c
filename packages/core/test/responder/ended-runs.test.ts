import { endpoint, text, userProperty, type Handler, type ReceivedRequest } from '@antiphon/core'
import { delay, EMPTY, of, Subject, throwError, type Observable } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { deadlinesOf } from '../../src/link/link-deadlines.js'
import { statusOf, textOf } from '../observed.js'
import { withEchoResponder, withResponder } from './with-responder.js'

const many = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })
type ManyTypes = NonNullable<(typeof many)['types']>

/** What an ended run leaves behind. */
const NOTHING = { deadlines: 0, isAborted: false }

describe('a handler that has ended', () => {
  const handlers: readonly (readonly [what: string, run: () => Observable<string>])[] = [
    ['responded synchronously', () => of('y')],
    ['responded later', () => of('y').pipe(delay(10))],
    ['completed synchronously', () => EMPTY],
    ['completed later', () => EMPTY.pipe(delay(10))],
    ['failed synchronously', () => throwError(() => new Error('no'))],
  ]

  it.each(handlers)('leaves no deadline behind and its signal is not aborted if it has %s', (_, run) => {
    let signal: AbortSignal | undefined
    withEchoResponder(
      ({ sendRequest, world, server }) => {
        sendRequest('x', { messageExpiryInterval: 5 })
        world.advance(500)
        const deadlines = deadlinesOf(server).size
        world.advance(10_000)
        expect({ deadlines, isAborted: signal?.aborted }).toEqual(NOTHING)
      },
      {
        handler: (request) => {
          signal = request.signal
          return run()
        },
        serve: { handlerTimeout: 2_000 },
      },
    )
  })

  it.each(handlers)('of a stream leaves no deadline behind if it has %s', (_, run) => {
    let signal: AbortSignal | undefined
    withResponder<ManyTypes>(
      {
        endpoint: many,
        handler: (request) => {
          signal = request.signal
          return run()
        },
        serve: { handlerTimeout: 2_000 },
      },
      ({ sendRequest, world, server }) => {
        world.link('requester').messages$('responses').subscribe()
        world.advance(10)
        sendRequest('x', { messageExpiryInterval: 5 })
        world.advance(500)
        const deadlines = deadlinesOf(server).size
        world.advance(10_000)
        expect({ deadlines, isAborted: signal?.aborted }).toEqual(NOTHING)
      },
    )
  })
})

describe('a stream of responses to a slow broker', () => {
  const items = Array.from({ length: 200 }, (_, index) => String(index))

  it('has at most 64 items in flight', () => {
    withResponder<ManyTypes>(
      { endpoint: many, handler: () => items },
      ({ sendRequest, world, responses, records }) => {
        world.link('requester').messages$('responses').subscribe()
        world.advance(10)
        const undo = world.broker.inject({
          kind: 'delay',
          by: 1_000,
          packets: ['puback'],
          clientId: 'server',
          direction: 'to-client',
        })
        sendRequest('x')
        world.advance(500)
        expect(responses).toHaveLength(64)
        undo()
        world.advance(5_000)
        expect(responses).toHaveLength(201)
        expect(records.values).toMatchObject([{ outcome: 'responded' }])
      },
    )
  })

  it('is recorded as responded if the broker reports no subscriber after the end was sent', () => {
    let request: ReceivedRequest<ManyTypes> | undefined
    const handler: Handler<ManyTypes> = (received) => {
      request = received
      return of('a')
    }
    withResponder<ManyTypes>({ endpoint: many, handler }, ({ sendRequest, world, responses, records }) => {
      sendRequest('x')
      world.advance(100)
      expect(responses.map(({ reasonCode }) => reasonCode)).toEqual([0x10, 0x10])
      expect(records.values).toMatchObject([{ outcome: 'responded', status: 200 }])
      expect(request?.signal.aborted).toBe(false)
    })
  })

  it('ends behind the items that were sent after the one that the broker has refused', () => {
    const items$ = new Subject<string>()
    withResponder<ManyTypes>(
      { endpoint: many, handler: () => items$ },
      ({ sendRequest, world, responses, records }) => {
        world.link('requester').messages$('responses').subscribe()
        world.advance(10)
        sendRequest('x')
        world.advance(10)
        const undo = world.broker.refusePublish('responses', 0x97)
        world.broker.published$.subscribe(() => undo())
        for (const item of ['a', 'b']) items$.next(item)
        world.advance(100)
        const sent = responses.map(({ message }) => [
          userProperty(message.userProperties, '__stream'),
          statusOf(message),
          textOf(message),
        ])
        expect(sent).toEqual([
          ['0', 200, 'a'],
          ['1', 200, 'b'],
          ['2:last', 500, ''],
        ])
        expect(records.values).toMatchObject([{ outcome: 'failed', error: { code: 'publish-refused' } }])
      },
    )
  })
})
