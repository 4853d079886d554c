import { requests$, serve, type ReceivedRequest } from '@antiphon/core'
import { config, map, NEVER, of, tap } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { bytesOf, observe } from '../observed.js'
import { sum, type Sum } from '../streams/hostile-requester.js'
import { inWorld } from '../world.js'
import { echo, requestProperties, withResponder } from './with-responder.js'

type Echo = NonNullable<(typeof echo)['types']>

afterEach(() => {
  config.onUnhandledError = null
})

describe('a received request', () => {
  it('has no deadline if it is a request stream and handlerTimeout is not set', () => {
    withResponder<Sum>({ endpoint: sum, handler: () => NEVER }, ({ sendRequest, world, handled }) => {
      sendRequest('', { topic: 'sum', messageExpiryInterval: 2, userProperties: [['__ctl', 'open']] })
      world.advance(50)
      expect(handled.map(({ deadline }) => deadline)).toEqual([Infinity])
    })
  })

  it('has its expiry as deadline before serve has received it', () => {
    inWorld((world) => {
      const left: number[] = []
      const requests = requests$(world.link('server'), echo).pipe(
        tap(({ deadline, receivedAt }) => left.push(deadline - receivedAt)),
      )
      observe(world, requests)
      world.advance(10)
      const message = { topic: 'echo', payload: bytesOf('x'), ...requestProperties }
      world.broker.publish({ ...message, messageExpiryInterval: 2 })
      world.broker.publish({ ...message, correlationData: bytesOf('other') })
      world.advance(10)
      expect(left).toEqual([2_000, Infinity])
    })
  })

  it('keeps its principal when it is copied', () => {
    inWorld((world) => {
      const handled: ReceivedRequest<Echo>[] = []
      const authenticate = () => ({ principal: 'alice' })
      const requests = requests$(world.link('server'), echo, { authenticate })
      const records = observe(
        world,
        requests.pipe(
          map((request) => ({ ...request })),
          serve<Echo>((request) => {
            handled.push(request)
            return of('done')
          }),
        ),
      )
      world.advance(10)
      world.broker.publish({ topic: 'echo', payload: bytesOf('x'), ...requestProperties })
      world.advance(10)
      expect(handled.map(({ principal }) => principal)).toEqual(['alice'])
      expect(records.values).toMatchObject([{ outcome: 'responded' }])
    })
  })

  it('is refused by serve if it is not from requests$', () => {
    const errors: unknown[] = []
    config.onUnhandledError = (error) => errors.push(error)
    inWorld((world) => {
      const foreign = { value: 'x', params: {} } as unknown as ReceivedRequest<Echo>
      observe(world, of(foreign).pipe(serve<Echo>(() => of('done'))))
      world.advance(10)
      expect(errors).toMatchObject([
        {
          code: 'invalid-argument',
          rawMessage:
            'the request is not from requests$: pass serve the requests of requests$, or copies of them',
        },
      ])
    })
  })
})
