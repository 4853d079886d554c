import {
  AntiphonError,
  exchange$,
  userProperty,
  type ErrorCode,
  type ItemStream,
  type LinkMiddleware,
  type OutgoingMessage,
  type UserProperties,
} from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { concat, from, last, map, NEVER, of, throwError, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import {
  observe,
  publishedBy,
  responseTo,
  textOf,
  type Observed,
  type PublishedMessage,
} from '../observed.js'
import { inWorld, type World } from '../world.js'
import { serveStreams, upload } from './stream-world.js'

interface HostileResponder {
  readonly world: World
  readonly call: Observed<string>
  /** Accepts the request in the name of a control topic. */
  readonly accept: (credit?: readonly [total: string, nextIndex: string], controlTopic?: string) => void
  readonly respond: (payload: string, userProperties?: UserProperties) => void
  /** What the requester has published: `open`, or `<control topic> <position or kind>`. */
  readonly sent: () => readonly string[]
  readonly messages: readonly PublishedMessage[]
}

/** Runs a test with a requester whose request stream only the test receives. */
function withHostileResponder(
  items: ItemStream<string> | ((world: World) => ItemStream<string>),
  test: (setup: HostileResponder) => void,
  options: Parameters<typeof exchange$>[3] = {},
  middleware: LinkMiddleware = (link) => link,
): void {
  inWorld((world) => {
    const published = publishedBy(world, 'requester')
    const stream = typeof items === 'function' ? items(world) : items
    const call = observe(
      world,
      exchange$(middleware(world.link('requester')), upload, stream, { timeout: 1_000, ...options }),
    )
    world.advance(20)
    const respond = (payload: string, userProperties: UserProperties = []): void => {
      const requests = published.filter(({ message }) => message.topic === 'upload')
      for (const { message } of requests.slice(-1))
        world.broker.publish(responseTo(message, payload, { userProperties }))
      world.advance(5)
    }
    test({
      world,
      call,
      messages: published,
      respond,
      accept: (credit, controlTopic = 'control/a') => {
        const [total = '', nextIndex = ''] = credit ?? []
        const properties: UserProperties =
          credit === undefined
            ? []
            : [
                ['__credit', total],
                ['__stream', nextIndex],
              ]
        respond('', [['__stat', '202'], ['__ctlTopic', controlTopic], ...properties])
      },
      sent: () =>
        published.map(({ message: { topic, userProperties } }) => {
          const kind = userProperty(userProperties, '__ctl') ?? ''
          return topic === 'upload'
            ? kind
            : `${topic} ${kind === 'item' ? String(userProperty(userProperties, '__stream')) : kind}`
        }),
    })
  })
}

describe('an item that is not published', () => {
  /** Sends a stream over a link that fails to publish its first item. Returns how the exchange has ended, and what was sent. */
  function outcomeOf(code: ErrorCode): readonly unknown[] {
    let outcome: readonly unknown[] = []
    let failures = 1
    const isItem = ({ userProperties }: OutgoingMessage): boolean =>
      userProperty(userProperties, '__ctl') === 'item'
    const failing = linkMiddleware({
      publish$: (message, next) =>
        isItem(message) && failures-- > 0
          ? throwError(() => new AntiphonError(code, 'not published'))
          : next(message),
    })
    const test = ({ accept, call, messages }: HostileResponder): void => {
      accept(['4', '0'])
      const ending = call.ending()
      const sent = messages
        .map(({ message }) => message)
        .filter(isItem)
        .map(({ userProperties }) => ['__stream', '__stat'].map((name) => userProperty(userProperties, name)))
      outcome = [typeof ending === 'object' ? ending.code : ending, ...sent]
    }
    withHostileResponder(['a', 'b'], test, {}, failing)
    return outcome
  }

  it('is missed by the responder if it was lost, and does not fail the exchange', () => {
    const others = [
      ['1', undefined],
      ['2:last', undefined],
    ]
    expect(outcomeOf('connection-lost')).toEqual([undefined, ...others])
    expect(outcomeOf('overflow')).toEqual([undefined, ...others])
  })

  it('fails the exchange if it can never be sent, and tells the responder', () => {
    expect(outcomeOf('too-large')).toEqual(['too-large', ['1:last', '500']])
    expect(outcomeOf('invalid-argument')).toEqual(['invalid-argument', ['1:last', '500']])
  })
})

describe('the items that are sent to a hostile or plain responder', () => {
  it('have the content type of the request, and their end has none', () => {
    withHostileResponder(['a'], ({ accept, messages }) => {
      accept(['4', '0'])
      expect(
        messages
          .slice(1)
          .map(({ message: { payload, contentType, payloadFormatIndicator } }) => [
            textOf({ payload }),
            contentType,
            payloadFormatIndicator,
          ]),
      ).toEqual([
        ['a', 'text/plain', true],
        ['', undefined, undefined],
      ])
    })
  })

  it('wait for credit, and time out without it', () => {
    withHostileResponder(['a', 'b'], ({ accept, sent, world, call }) => {
      accept()
      world.advance(1_500)
      expect(sent()).toEqual(['open', 'control/a cancel'])
      expect(call.ending()).toMatchObject({ code: 'timeout' })
    })
  })

  it('are sent as far as the credit reaches, and once', () => {
    withHostileResponder(['a', 'b', 'c', 'd'], ({ accept, respond, sent, call }) => {
      accept(['1', '0'])
      accept(['3', '1'])
      accept(['2', '1'])
      accept(['9', '3'])
      expect(sent().slice(1)).toEqual(['0', '1', '2', '3', '4:last'].map((item) => `control/a ${item}`))
      respond('done')
      expect(call.values).toEqual(['done'])
    })
  })

  it('are sent again after a repeated credit, and answered by a sign of life if there are none', () => {
    withHostileResponder(concat(of('a'), NEVER), ({ accept, sent }) => {
      accept(['4', '0'])
      accept(['4', '0'])
      accept(['4', '1'])
      accept(['4', '1'])
      expect(sent().slice(1)).toEqual(['control/a 0', 'control/a 0', 'control/a credit'])
    })
  })

  it('fail the exchange if the responder expects an item that was not sent', () => {
    withHostileResponder(['a'], ({ accept, call }) => {
      accept(['4', '7'])
      expect(call.ending()).toMatchObject({
        code: 'protocol',
        rawMessage: 'the responder expects item 7, but only 0 were sent',
      })
    })
  })

  it('fail the exchange if another responder expects what has been consumed', () => {
    withHostileResponder(['a', 'b', 'c'], ({ accept, call }) => {
      accept(['2', '0'])
      accept(['3', '1'])
      accept(['2', '0'], 'control/b')
      expect(call.ending()).toMatchObject({
        code: 'protocol',
        rawMessage: 'another responder has the request, and the first 1 items cannot be sent again',
      })
    })
  })

  it('go to another responder from the first one on if none has been consumed', () => {
    withHostileResponder(['a', 'b'], ({ accept, sent }) => {
      accept(['1', '0'])
      accept(['1', '0'], 'control/b')
      expect(sent().slice(1)).toEqual(['control/a 0', 'control/b 0'])
    })
  })

  it('do not postpone the timeout for a responder that has forgotten them', () => {
    withHostileResponder(concat(of('a', 'b'), NEVER), ({ accept, call, world }) => {
      accept(['4', '0'])
      accept(['4', '2'])
      for (let count = 0; count < 8; count++) {
        world.advance(200)
        accept(['4', '0'])
      }
      expect(call.ending()).toMatchObject({ code: 'timeout' })
    })
  })

  it('keep the exchange alive while the responder repeats its credit', () => {
    withHostileResponder(
      ({ scheduler }) => timer(5_000, scheduler).pipe(map(() => 'late')),
      ({ accept, respond, call, world, sent }) => {
        for (let count = 0; count < 20; count++) {
          accept(['4', '0'])
          world.advance(300)
        }
        expect(call.ending()).toBeUndefined()
        expect(sent()).toContain('control/a 0')
        respond('done')
        expect(call.values).toEqual(['done'])
      },
    )
  })

  it('let the requester wait for a timeout of whole seconds after each credit', () => {
    withHostileResponder(
      NEVER,
      ({ accept, call, world }) => {
        accept(['4', '0'])
        world.advance(1_950)
        expect(call.ending()).toBeUndefined()
        world.advance(100)
        expect(call.ending()).toMatchObject({ code: 'timeout' })
      },
      { timeout: 1_500 },
    )
  })

  it('are sent to the responder of a retry with a new correlation', () => {
    withHostileResponder(
      from(['a', 'b']),
      ({ accept, respond, sent, world, call }) => {
        accept(['1', '0'])
        respond('', [['__stat', '500']])
        world.advance(100)
        accept(['5', '0'], 'control/b')
        expect(sent()).toEqual([
          'open',
          'control/a 0',
          'open',
          'control/b 0',
          'control/b 1',
          'control/b 2:last',
        ])
        respond('done')
        expect(call.values).toEqual(['done'])
      },
      {
        timeout: 5_000,
        retry: {
          count: 1,
          attemptTimeout: 4_000,
          on: () => true,
          backOff: { initial: 10, maximum: 10, jitter: 0 },
        },
      },
    )
  })

  it('are not sent by a retry once they have been consumed', () => {
    const retry = { count: 3, attemptTimeout: 200, on: () => true }
    withHostileResponder(
      concat(of('a', 'b'), NEVER),
      ({ accept, respond, sent, call }) => {
        accept(['1', '0'])
        accept(['2', '1'])
        respond('', [['__stat', '500']])
        expect(sent().filter((kind) => kind === 'open')).toHaveLength(1)
        expect(call.ending()).toMatchObject({ code: 'status' })
      },
      { retry },
    )
    withHostileResponder(
      concat(of('a', 'b'), NEVER),
      ({ accept, sent, world, call }) => {
        accept(['1', '0'])
        accept(['2', '1'])
        world.advance(5_000)
        expect(sent().filter((kind) => kind === 'open')).toHaveLength(1)
        expect(call.ending()).toMatchObject({ code: 'timeout' })
      },
      { retry },
    )
  })

  it('fail the exchange and the request if one can never be sent', async () => {
    const { requester, advance, watch, records } = await serveStreams(
      upload,
      ({ value }) => value.pipe(last()),
      {
        broker: { limits: { maximumPacketSize: 212 } },
      },
    )
    const call = watch(exchange$(requester, upload, ['a', 'x'.repeat(1_000)]))
    await advance(100)
    expect(call.ending()).toMatchObject({ code: 'too-large' })
    expect(records).toMatchObject([{ outcome: 'failed' }])
  })
})
