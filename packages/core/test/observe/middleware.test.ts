import {
  endpoint,
  exchange$,
  ignoredRequests$,
  logged,
  requesterStats,
  requests$,
  responderStats,
  serve,
  stamped,
  text,
  unmatchedResponses$,
  type LinkMiddleware,
} from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf } from '../observed.js'
import { inWorld } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

describe.each<[string, LinkMiddleware]>([
  ['linkMiddleware', linkMiddleware({})],
  ['logged', logged(() => undefined)],
  ['two middlewares', (link) => logged(() => undefined)(stamped()(link))],
  ['a middleware that spreads the link', (link) => ({ ...link })],
])('observers of a link under %s', (_, middleware) => {
  it('see the exchanges, requests and messages of the link with the middleware', () => {
    inWorld(({ link, broker, advance }) => {
      const server = link('server')
      const requester = link('requester')
      const observed: string[] = []
      ignoredRequests$(server).subscribe(({ reason }) => observed.push(`ignored: ${reason}`))
      unmatchedResponses$(requester).subscribe(() => observed.push('unmatched'))
      requests$(middleware(server), echo)
        .pipe(serve(({ value }) => of(value)))
        .subscribe()
      exchange$(middleware(requester), echo, 'x').subscribe()
      advance(100)
      broker.publish({ topic: 'response/requester', payload: bytesOf('y'), correlationData: bytesOf('z') })
      broker.publish({ topic: 'echo', payload: bytesOf('y'), retain: true, responseTopic: 'a/#' })
      advance(100)
      expect(requesterStats(requester, echo)).toMatchObject({ requested: 1, responded: 1, pending: 0 })
      expect(responderStats(server, echo)).toMatchObject({ received: 1, responded: 1, ignored: 1 })
      expect(observed).toEqual(['unmatched', 'ignored: response-topic'])
    })
  })
})
