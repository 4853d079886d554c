import type { EndpointTypes, OutgoingMessage } from '@antiphon/core'
import { expectEqual, expectThat, readable } from '@antiphon/testing/internal'
import { defer, delay, of, throwError, type Observable } from 'rxjs'
import type { Convention } from './convention.js'
import { asReceived, matching, type ConventionWorld } from './convention-world.js'
import type { ConventionLaw } from './requester-laws.js'

/** Payloads that are no request of any convention. */
const MALFORMED = ['', '{', '\u0000', '[]', '{"id":{}}'].map((text) => new TextEncoder().encode(text))

/** Returns the laws of a responder of ours whose peers send requests in the convention. */
export function responderLaws<T extends EndpointTypes>(convention: Convention<T>): readonly ConventionLaw[] {
  const { example, peer, thrown = new Error('the handler failed') } = convention
  const { isFailure = () => false } = peer

  const responses = ({ sent }: ConventionWorld): readonly OutgoingMessage[] =>
    matching(sent, peer.responseFilter)
  const respond = (): Observable<unknown> => of(example.response)
  const expectResponses = (world: ConventionWorld, ...requests: readonly OutgoingMessage[]): void => {
    const received = responses(world)
    expectEqual(received.length, requests.length, 'the number of responses')
    for (const request of requests) {
      const isAnswered = received.some((response) => peer.isResponse(asReceived(response), request))
      expectThat(isAnswered, `no response to ${readable(request)}`)
    }
  }

  return [
    {
      name: 'answers a peer',
      check: (world) => {
        world.serve(respond)
        world.publish(peer.request(1))
        world.advance(20)
        expectResponses(world, peer.request(1))
      },
    },
    {
      name: 'reports a failure in the convention, never by an empty payload',
      check: (world) => {
        let isFirst = true
        world.serve(() => defer(() => (isFirst ? throwError(() => thrown) : respond())))
        world.publish(peer.request(1))
        world.advance(20)
        isFirst = false
        const failures = responses(world)
        expectThat(
          failures.every(({ payload }) => payload.length > 0),
          'the failure has an empty payload',
        )
        const isReported = failures.some((response) => isFailure(asReceived(response), peer.request(1)))
        expectEqual(isReported, peer.isFailure !== undefined, 'whether the peer receives the failure')
        world.publish(peer.request(2))
        world.advance(20)
        expectThat(
          responses(world).some((response) => peer.isResponse(asReceived(response), peer.request(2))),
          'the next request was not answered',
        )
      },
    },
    {
      name: 'survives malformed requests without running the handler',
      check: (world) => {
        let handled = 0
        world.serve(() => {
          handled++
          return respond()
        })
        for (const payload of MALFORMED) world.publish({ ...peer.request(1), payload })
        world.advance(20)
        expectEqual(handled, 0, 'the number of handled requests')
        const before = responses(world).length
        world.publish(peer.request(2))
        world.advance(20)
        expectEqual(responses(world).length, before + 1, 'the number of responses')
      },
    },
    {
      name: 'answers a request that arrives twice with the same response',
      check: (world) => {
        world.serve(respond)
        for (let times = 0; times < 2; times++) {
          world.publish(peer.request(1))
          world.advance(20)
        }
        expectResponses(world, peer.request(1), peer.request(1))
        const [first, second] = responses(world)
        expectEqual(second?.payload, first?.payload, 'the payload of the second response')
      },
    },
    {
      name: 'answers two requests at once, each with its token',
      check: (world) => {
        let handled = 0
        world.serve(() => respond().pipe(delay(20 / ++handled, world.broker.scheduler)))
        world.publish(peer.request(1))
        world.publish(peer.request(2))
        world.advance(50)
        expectResponses(world, peer.request(1), peer.request(2))
      },
    },
    {
      name: 'answers after a reconnect',
      check: (world) => {
        world.serve(() => respond().pipe(delay(50, world.broker.scheduler)))
        world.publish(peer.request(1))
        world.advance(10)
        world.broker.disconnect('antiphon')
        world.advance(200)
        expectThat(
          responses(world).some((response) => peer.isResponse(asReceived(response), peer.request(1))),
          'the request was not answered',
        )
      },
    },
  ]
}
