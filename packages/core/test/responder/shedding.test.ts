import { endpoint, responderStats, text } from '@antiphon/core'
import { delay, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, statusOf, textOf } from '../observed.js'
import {
  cancelProperties,
  echo,
  withEchoResponder,
  withResponder,
  type ResponderSetup,
} from './with-responder.js'

type Echo = NonNullable<(typeof echo)['types']>

/** Takes 400 ms, or as many as the request says. */
const handler = ({ value }: { readonly value: string }) => of('done').pipe(delay(Number(value) || 400))

/** Sends a request that expires after some seconds. */
function send(
  { sendRequest }: Pick<ResponderSetup<Echo>, 'sendRequest'>,
  value: string,
  seconds?: number,
): void {
  const expiry = seconds === undefined ? {} : { messageExpiryInterval: seconds }
  sendRequest(value, { correlationData: bytesOf(value), ...expiry })
}

describe('a request that waits and for which a handler would end too late', () => {
  it('is answered 503 in place of a run that would be in vain', () => {
    withEchoResponder(
      (setup) => {
        for (const value of ['a', 'b', 'c', 'd']) send(setup, value, 1)
        setup.world.advance(2_000)
        expect(setup.handled.map(({ value }) => value)).toEqual(['a', 'b'])
        const { values: records } = setup.records
        expect(records.map(({ request, outcome, status }) => [textOf(request), outcome, status])).toEqual([
          ['a', 'responded', 200],
          ['b', 'responded', 200],
          ['c', 'busy', 503],
          ['d', 'busy', 503],
        ])
        expect(responderStats(setup.server, echo)).toMatchObject({ busy: 2, shed: 2, expired: 0 })
        const properties = setup.responses.at(-1)?.message.userProperties
        expect(Object.fromEntries(properties ?? [])).toMatchObject({
          __stMsg: expect.stringMatching(
            /^too late: 19\d ms are left, and a handler takes 40\d ms$/,
          ) as string,
        })
        expect(setup.unacknowledged()).toBe(0)
      },
      { handler, serve: { concurrency: 1 } },
    )
  })

  it('is answered 503 on arrival if it would have to wait for too long', () => {
    withEchoResponder(
      (setup) => {
        send(setup, 'first')
        setup.world.advance(1_000)
        for (const value of ['a', 'b', 'c']) send(setup, value, 1)
        setup.world.advance(10)
        expect(setup.records.values.map(({ request, outcome }) => [textOf(request), outcome])).toEqual([
          ['first', 'responded'],
          ['c', 'busy'],
        ])
        setup.world.advance(2_000)
        expect(responderStats(setup.server, echo)).toMatchObject({ responded: 3, busy: 1, shed: 1 })
      },
      { handler, serve: { concurrency: 1 } },
    )
  })

  it('makes room in a full queue for a request that can be handled in time', () => {
    withEchoResponder(
      (setup) => {
        send(setup, 'first')
        setup.world.advance(1_000)
        send(setup, '900')
        send(setup, 'late', 1)
        setup.world.advance(700)
        send(setup, 'new', 2)
        setup.world.advance(10)
        expect(setup.responses.map(({ message }) => statusOf(message))).toEqual([200, 503])
        send(setup, 'too many', 2)
        setup.world.advance(2_000)
        expect(setup.handled.map(({ value }) => value)).toEqual(['first', '900', 'new'])
        expect(responderStats(setup.server, echo)).toMatchObject({ responded: 3, busy: 2, shed: 1 })
      },
      { handler, serve: { concurrency: 1, queue: 1 } },
    )
  })

  it('releases its key for the next request with that key', () => {
    withEchoResponder(
      (setup) => {
        for (const value of ['a', 'b', 'c']) send(setup, value, 1)
        setup.world.advance(10)
        send(setup, 'd', 9)
        setup.world.advance(5_000)
        expect(setup.handled.map(({ value }) => value)).toEqual(['a', 'b', 'd'])
      },
      { handler, serve: { orderedBy: () => 'one' } },
    )
  })

  it('is handled if it has not waited, so that a handler that has become fast is noticed', () => {
    withEchoResponder(
      (setup) => {
        send(setup, '1500')
        setup.world.advance(2_000)
        send(setup, '10', 1)
        setup.world.advance(1_000)
        expect(responderStats(setup.server, echo)).toMatchObject({ responded: 2, shed: 0 })
      },
      { handler, serve: { concurrency: 1 } },
    )
  })

  it('takes runs that were stopped for slow ones, and forgets slow runs', () => {
    withEchoResponder(
      (setup) => {
        send(setup, '5000', 3)
        setup.world.advance(3_500)
        for (const value of ['10', '11', '12']) send(setup, value, 1)
        setup.world.advance(500)
        expect(responderStats(setup.server, echo)).toMatchObject({ expired: 1, shed: 2 })
        for (let value = 20; value < 60; value += 1) send(setup, String(value))
        setup.world.advance(4_000)
        for (const value of ['100', '101', '102']) send(setup, value, 1)
        setup.world.advance(2_000)
        expect(responderStats(setup.server, echo)).toMatchObject({ expired: 1, shed: 2 })
      },
      { handler, serve: { concurrency: 1 } },
    )
  })

  it.each([1, 20])('is not assumed after requests that were cancelled with most of %d s left', (seconds) => {
    withEchoResponder(
      (setup) => {
        for (let value = 1_000; value < 1_050; value += 1) {
          send(setup, String(value), seconds)
          setup.world.advance(50)
          setup.sendControl(cancelProperties, { correlationData: bytesOf(String(value)) })
          setup.world.advance(5)
        }
        expect(responderStats(setup.server, echo)).toMatchObject({ cancelled: 50 })
        for (const value of ['400', '401', '402', '403']) send(setup, value, 15)
        setup.world.advance(2_000)
        expect(responderStats(setup.server, echo)).toMatchObject({ responded: 4, shed: 0 })
      },
      { handler, serve: { concurrency: 1 } },
    )
  })

  it('is assumed after requests that were cancelled when their time was over', () => {
    withEchoResponder(
      (setup) => {
        for (let value = 5_000; value < 5_004; value += 1) {
          send(setup, String(value), 3)
          setup.world.advance(2_950)
          setup.sendControl(cancelProperties, { correlationData: bytesOf(String(value)) })
          setup.world.advance(25)
        }
        expect(responderStats(setup.server, echo)).toMatchObject({ cancelled: 4 })
        for (const value of ['400', '401']) send(setup, value, 3)
        setup.world.advance(2_000)
        expect(responderStats(setup.server, echo)).toMatchObject({ responded: 1, shed: 1 })
      },
      { handler, serve: { concurrency: 1 } },
    )
  })

  it('is not assumed after an outage in which responses waited for the broker, not for their handlers', () => {
    withEchoResponder(
      (setup) => {
        const reconnect = setup.world.broker.inject({
          kind: 'delay',
          by: 10_000,
          packets: ['puback'],
          clientId: 'server',
        })
        for (const value of ['10', '11']) send(setup, value, 60)
        setup.world.advance(11_000)
        reconnect()
        for (const value of ['400', '401', '402', '403', '404']) send(setup, value, 15)
        setup.world.advance(2_000)
        expect(responderStats(setup.server, echo)).toMatchObject({ responded: 7, shed: 0 })
      },
      { handler, serve: { concurrency: 2 } },
    )
  })

  it('is not assumed after runs that a busy process has held up for a moment', () => {
    withEchoResponder(
      (setup) => {
        for (let value = 50; value < 70; value += 1) send(setup, String(value), 60)
        setup.world.advance(500)
        for (let value = 3_000; value < 3_020; value += 1) send(setup, String(value), 60)
        setup.world.advance(3_050)
        for (let value = 100; value < 200; value += 1) send(setup, String(value), 4)
        setup.world.advance(4_000)
        expect(responderStats(setup.server, echo)).toMatchObject({ responded: 140, shed: 0 })
      },
      { handler, serve: { concurrency: 20 } },
    )
  })

  it('is assumed once runs have been slow for more than two seconds', () => {
    withEchoResponder(
      (setup) => {
        for (let value = 50; value < 70; value += 1) send(setup, String(value), 60)
        setup.world.advance(500)
        for (let value = 600; value < 700; value += 1) send(setup, String(value), 60)
        setup.world.advance(4_000)
        for (let value = 700; value < 800; value += 1) send(setup, String(value), 2)
        setup.world.advance(10)
        expect(responderStats(setup.server, echo).shed).toBeGreaterThan(20)
      },
      { handler, serve: { concurrency: 20 } },
    )
  })

  it('is handled if shedLate is false, until it expires', () => {
    withEchoResponder(
      (setup) => {
        for (const value of ['a', 'b', 'c', 'd']) send(setup, value, 1)
        setup.world.advance(2_000)
        expect(setup.handled.map(({ value }) => value)).toEqual(['a', 'b', 'c'])
        expect(responderStats(setup.server, echo)).toMatchObject({ responded: 2, expired: 2, shed: 0 })
      },
      { handler, serve: { concurrency: 1, shedLate: false } },
    )
  })

  it('is not shed if it has no expiry, cannot get a status, or opens a stream', () => {
    const notifications = endpoint({
      topic: 'echo',
      request: text,
      response: text,
      acceptsNotifications: true,
    })
    withResponder({ endpoint: notifications, handler, serve: { concurrency: 1 } }, (setup) => {
      for (const value of ['a', 'b', 'c']) send(setup, value)
      setup.world.advance(2_000)
      const bare = { responseTopic: undefined, messageExpiryInterval: 1 } as never
      for (const value of ['d', 'e', 'f']) setup.sendRequest(value, bare)
      setup.world.advance(2_000)
      expect(setup.handled.map(({ value }) => value).join('')).toBe('abcdef')
    })
    const streams = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })
    withResponder({ endpoint: streams, handler, serve: { concurrency: 1 } }, (setup) => {
      for (const value of ['a', 'b', 'c']) {
        setup.sendRequest(value, { correlationData: bytesOf(value), messageExpiryInterval: 1 })
      }
      setup.world.advance(2_000)
      expect(setup.handled).toHaveLength(3)
    })
  })
})
