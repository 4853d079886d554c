import { AntiphonError, type EndpointTypes, type Message, type OutgoingMessage } from '@antiphon/core'
import { expectEqual, expectThat, readable } from '@antiphon/testing/internal'
import type { Convention } from './convention.js'
import { asReceived, matching, TIMEOUT, type ConventionWorld, type Outcome } from './convention-world.js'

/** A law of a convention, checked in a world of its own. */
export interface ConventionLaw {
  readonly name: string
  readonly check: (world: ConventionWorld) => void
}

/** Payloads that are no response of any convention. */
const MALFORMED = ['', '{', '\u0000', '[]', '{"id":{}}'].map((text) => new TextEncoder().encode(text))

/** Returns the laws of a requester of ours whose peers respond in the convention. */
export function requesterLaws<T extends EndpointTypes>(convention: Convention<T>): readonly ConventionLaw[] {
  const { endpoint, example, peer, failureStatus, hasToken = true } = convention
  const { isResponse = () => true } = example

  /** Returns the latest request as the peer receives it. */
  const received = ({ sent }: ConventionWorld, fromLast = 1): Message => {
    const request = matching(sent, endpoint.topic.filter({})).at(-fromLast)
    expectThat(request !== undefined, 'the request was not published')
    return asReceived(request)
  }
  const requestOf = (
    world: ConventionWorld,
  ): { readonly outcome: Outcome; readonly response: OutgoingMessage } => {
    const outcome = world.request()
    world.advance(20)
    return { outcome, response: peer.respond(received(world)) }
  }
  const expectResponse = ({ values, ending }: Outcome): void => {
    expectEqual(ending(), 'complete', 'the end of the exchange')
    expectEqual(values.length, 1, 'the number of responses')
    expectThat(isResponse(values[0]), `not the response: ${readable(values[0])}`)
  }
  const expectNextAnswered = (world: ConventionWorld): void => {
    const { outcome, response } = requestOf(world)
    world.publish(response)
    world.advance(20)
    expectResponse(outcome)
  }

  const failed: readonly ConventionLaw[] = peer.fail === undefined ? [] : [failureLaw(peer.fail)]
  return [
    {
      name: 'receives the response of a peer',
      check: expectNextAnswered,
    },
    ...failed,
    {
      name: 'fails with a timeout if the peer does not respond',
      check: (world) => {
        const { outcome } = requestOf(world)
        world.advance(TIMEOUT)
        expectEqual(codeOf(outcome), 'timeout', 'the error')
      },
    },
    {
      name: 'survives malformed responses',
      check: (world) => {
        const outcomes = MALFORMED.map((payload) => {
          const { outcome, response } = requestOf(world)
          world.publish({ ...response, payload })
          world.advance(TIMEOUT)
          return outcome
        })
        for (const { values, ending } of outcomes) {
          expectEqual(values, [], 'the values of a malformed response')
          expectThat(ending() instanceof AntiphonError, `expected an error, not ${readable(ending())}`)
        }
        expectNextAnswered(world)
      },
    },
    {
      name: 'reports a late response, and gives it to no other request',
      check: (world) => {
        const { outcome, response } = requestOf(world)
        world.advance(TIMEOUT)
        world.publish(response)
        world.advance(20)
        expectEqual(codeOf(outcome), 'timeout', 'the error')
        expectEqual(world.unmatched.length, 1, 'the number of unmatched responses')
        expectNextAnswered(world)
      },
    },
    {
      name: 'emits a response once that arrives twice',
      check: (world) => {
        const { outcome, response } = requestOf(world)
        world.publish(response)
        world.publish(response)
        world.advance(20)
        expectResponse(outcome)
        expectNextAnswered(world)
      },
    },
    {
      name: 'tells the responses to two requests at once apart',
      check: (world) => {
        const outcomes = [world.request(), world.request()]
        world.advance(20)
        const responses = [2, 1].map((fromLast) => peer.respond(received(world, fromLast)))
        for (const index of hasToken ? [1, 0] : [0, 1]) {
          const response = responses[index]
          if (response !== undefined) world.publish(response)
          world.advance(20)
          const ended = outcomes.filter(({ ending }) => ending() !== undefined)
          expectEqual(ended.length, index === (hasToken ? 1 : 0) ? 1 : 2, 'the number of answered requests')
          expectThat(outcomes[index]?.ending() === 'complete', 'another request received the response')
        }
        outcomes.forEach(expectResponse)
      },
    },
    {
      name: 'receives the response after a reconnect',
      check: (world) => {
        const { outcome, response } = requestOf(world)
        world.broker.disconnect('antiphon', { session: 'lose' })
        world.advance(100)
        world.publish(response)
        world.advance(20)
        expectResponse(outcome)
      },
    },
  ]

  function failureLaw(fail: NonNullable<typeof peer.fail>): ConventionLaw {
    return {
      name: 'fails with the status that a peer reports',
      check: (world) => {
        const outcome = world.request()
        world.advance(20)
        world.publish(fail(received(world)))
        world.advance(20)
        expectEqual(codeOf(outcome), 'status', 'the error')
        const error = outcome.ending() as AntiphonError
        if (failureStatus !== undefined) expectEqual(error.status?.code, failureStatus, 'the status')
        expectNextAnswered(world)
      },
    }
  }
}

function codeOf({ ending }: Outcome): string | undefined {
  const end = ending()
  return end instanceof AntiphonError ? end.code : end
}
