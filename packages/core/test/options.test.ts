import {
  correlationData,
  endpoint,
  exchange$,
  gather$,
  groupSupport$,
  json,
  logged,
  metered,
  payloadField,
  request,
  request$,
  requestEither$,
  requestMany,
  requests$,
  serve,
  text,
  type Link,
} from '@antiphon/core'
import { linkOver, type Transport } from '@antiphon/core/link'
import { traced } from '@antiphon/core/traced'
import * as t from 'io-ts'
import { of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { inWorld } from './world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const stream = endpoint({ topic: 'stream', request: text, response: text, responses: 'many' })

type Invalid = readonly (readonly [fault: string, options: unknown])[]

/** Calls a function with options as a program without types may pass them. */
type Call = (link: Link, options: never) => unknown

const exchangeFaults: Invalid = [
  ['options.timeot is not known: did you mean timeout?', { timeot: 50 }],
  ['options.timeout is "50": it must be a number from 0.001', { timeout: '50' }],
  [
    'options.stepTimeouts.conection is not known: did you mean connection?',
    { stepTimeouts: { conection: 5 } },
  ],
  ['options.stepTimeouts.response is "5": it must be a number', { stepTimeouts: { response: '5' } }],
  ['options.stepTimeouts is 5: it must be an object', { stepTimeouts: 5 }],
  ['options.retry is 3: it must be an object', { retry: 3 }],
  ['options.retry.counts is not known: did you mean count?', { retry: { counts: 3 } }],
  ['options.retry.count is "3": it must be a whole number from 0', { retry: { count: '3' } }],
  ['options.retry.on is 503: it must be a function', { retry: { count: 1, on: 503 } }],
  [
    'options.retry.backOff.max is not known: did you mean maximum?',
    { retry: { count: 1, backOff: { max: 5 } } },
  ],
  [
    'options.retry.backOff.initial is -1: it must be a number',
    { retry: { count: 1, backOff: { initial: -1 } } },
  ],
  ['options.qos is "1": it must be 0 or 1 or 2', { qos: '1' }],
  ['options.responseTopic is 5: it must be a string', { responseTopic: 5 }],
  ['options.onDisconnect is "retry": it must be keep or fail or resend', { onDisconnect: 'retry' }],
  ['options.failFast is "yes": it must be true or false', { failFast: 'yes' }],
  ['options.credit is "5": it must be a whole number from 1', { credit: '5' }],
  ['options is 5000: it must be an object', 5_000],
]

const flattenFaults: Invalid = [
  ['options.concurency is not known: did you mean concurrency?', { concurency: 5 }],
  ['options.concurrency is "5": it must be a whole number from 1', { concurrency: '5' }],
  ['options.queue is "5": it must be a whole number from 0', { queue: '5' }],
  ['options.ordered is 1: it must be true or false', { ordered: 1 }],
  ['options.overlap is "swich": it must be merge or switch or exhaust', { overlap: 'swich' }],
]

const calls: readonly (readonly [name: string, call: Call, faults: Invalid])[] = [
  ['request$', (link, options) => request$(link, echo, options), [...exchangeFaults, ...flattenFaults]],
  [
    'requestEither$',
    (link, options) => requestEither$(link, echo, options),
    [...exchangeFaults, ...flattenFaults],
  ],
  [
    'exchange$',
    (link, options) => exchange$(link, echo, 'x', options),
    [...exchangeFaults, ['options.concurrency is not known: use timeout', { concurrency: 5 }]],
  ],
  ['requestMany', (link, options) => requestMany(link, stream, 'x', options), exchangeFaults],
  [
    'gather$',
    (link, options) => gather$(link, echo, 'x', options),
    [
      ...exchangeFaults,
      ['options.counts is not known: did you mean count?', { counts: 5 }],
      ['options.count is "5": it must be a whole number from 1', { count: '5' }],
      ['options.stallTimeout is "5": it must be a number', { stallTimeout: '5' }],
      ['options.sentinel is 1: it must be true or false', { sentinel: 1 }],
    ],
  ],
  [
    'requests$',
    (link, options) => requests$(link, echo, options),
    [
      ['options.groups is not known: did you mean group?', { groups: 'a' }],
      ['options.params is "a": it must be an object', { params: 'a' }],
      ['options.filter is 5: it must be a string', { filter: 5 }],
      ['options.group is 5: it must be a string', { group: 5 }],
      ['options.qos is 3: it must be 0 or 1 or 2', { qos: 3 }],
      [
        'options.responseTopics is "a/#": it must be an array of filters or a function',
        { responseTopics: 'a/#' },
      ],
      ['options.headers is an object: it must be a function', { headers: {} }],
      [
        'options.responseCache.entires is not known: did you mean entries?',
        { responseCache: { entires: 5 } },
      ],
      ['options.responseCache.ttl is "5": it must be a number', { responseCache: { ttl: '5' } }],
      ['options.transfers.byte is not known: did you mean bytes?', { transfers: { byte: 5 } }],
      ['options.transfers.idleTimeout is "5": it must be a number', { transfers: { idleTimeout: '5' } }],
      ['options.acknowledge is "onReceipt": it must be', { acknowledge: 'onReceipt' }],
      ['options.drain$ is true: it must be an object', { drain$: true }],
      ['options.drainBy is "stop": it must be', { drainBy: 'stop' }],
      ['options.drainTimeout is "5": it must be a number', { drainTimeout: '5' }],
      ['options.drainTimeout is -1: it must be', { drainTimeout: -1 }],
    ],
  ],
  [
    'serve',
    (_, options) => serve(() => of(''), options),
    [
      ['options.concurency is not known: did you mean concurrency?', { concurency: 5 }],
      ['options.concurrency is "64": it must be a whole number from 1', { concurrency: '64' }],
      ['options.queue is "5": it must be a whole number from 0', { queue: '5' }],
      ['options.orderedBy is "id": it must be a function', { orderedBy: 'id' }],
      ['options.handlerTimeout is "5": it must be a number', { handlerTimeout: '5' }],
    ],
  ],
  [
    'groupSupport$',
    (link, options) => groupSupport$(link, options),
    [
      ['options.timeot is not known: did you mean timeout?', { timeot: 5 }],
      ['options.timeout is "5": it must be a number', { timeout: '5' }],
    ],
  ],
  [
    'endpoint',
    (_, options) => endpoint({ request: text, response: text, ...(options as object) } as never),
    [
      ['contract.topik is not known: did you mean topic?', { topik: 'a' }],
      ['contract.topic is missing', {}],
      ['contract.topic is 5: it must be a string', { topic: 5 }],
      ['contract.name is 5: it must be a string', { topic: 'a', name: 5 }],
      ['contract.responseTopic is 5: it must be a string', { topic: 'a', responseTopic: 5 }],
      ['contract.request is "json": it must be an object', { topic: 'a', request: 'json' }],
      ['contract.response is a function: it must be an object', { topic: 'a', response: json }],
      ['contract.response is missing', { topic: 'a', response: undefined }],
      [
        'contract.correlation is a function: it must be an object',
        { topic: 'a', correlation: correlationData },
      ],
      ['contract.responses is "multiple": it must be one or many', { topic: 'a', responses: 'multiple' }],
      [
        'contract.acceptsNotifications is 1: it must be true or false',
        { topic: 'a', acceptsNotifications: 1 },
      ],
      ['contract.onFailure is "x": it must be a function', { topic: 'a', onFailure: 'x' }],
      [
        'contract.reservedProperties is "__ft": it must be an array of strings',
        { topic: 'a', reservedProperties: '__ft' },
      ],
      [
        'contract.reservedProperties: ft does not start with __, so it is not reserved; leave it out',
        { topic: 'a', reservedProperties: ['ft'] },
      ],
      [
        'contract.reservedProperties: the library sets __stat itself; leave it out',
        { topic: 'a', reservedProperties: ['__stat'] },
      ],
    ],
  ],
  [
    'json',
    (_, options) => json(t.string, options),
    [
      ['options.maximumByte is not known: did you mean maximumBytes?', { maximumByte: 5 }],
      ['options.maximumBytes is "5": it must be a whole number from 1', { maximumBytes: '5' }],
      ['options.maximumDepth is 0: it must be a whole number from 1', { maximumDepth: 0 }],
      ['options.contentType is 5: it must be a string', { contentType: 5 }],
    ],
  ],
  [
    'correlationData',
    (_, options) => correlationData(options),
    [
      ['options.formats is not known: did you mean format?', { formats: 'bytes' }],
      ['options.format is "binary": it must be text or bytes', { format: 'binary' }],
    ],
  ],
  [
    'traced',
    (_, options) => traced(options),
    [
      ['options.tracers is not known: did you mean tracer?', { tracers: {} }],
      ['options.tracer is "x": it must be an object', { tracer: 'x' }],
    ],
  ],
  [
    'linkOver',
    (_, options) => linkOver({} as Transport, options),
    [
      ['options.closeTimout is not known: did you mean closeTimeout?', { closeTimout: 5 }],
      ['options.scheduler is "x": it must be an object', { scheduler: 'x' }],
      ['options.reconnect.min is not known: use initial', { reconnect: { min: 5 } }],
      ['options.reconnect.factor is "2": it must be a number', { reconnect: { factor: '2' } }],
      ['options.queue.message is not known: did you mean messages?', { queue: { message: 5 } }],
      ['options.queue.bytes is "5": it must be a number', { queue: { bytes: '5' } }],
      ['options.unrouted.ttl is "5": it must be a number', { unrouted: { ttl: '5' } }],
      ['options.filtersPerSubscribe is 0: it must be a whole number from 1', { filtersPerSubscribe: 0 }],
      ['options.limits.maximumQos is not known: did you mean maximumQoS?', { limits: { maximumQos: 1 } }],
      ['options.limits.maximumQoS is "1": it must be 0 or 1 or 2', { limits: { maximumQoS: '1' } }],
      ['options.maxConnectionAge is "5": it must be a number', { maxConnectionAge: '5' }],
      ['options.closeTimeout is -1: it must be a number', { closeTimeout: -1 }],
    ],
  ],
]

describe('invalid options', () => {
  for (const [name, call, faults] of calls) {
    it.each(faults)(`are rejected by ${name}: %s`, (fault, options) => {
      inWorld(({ broker, link, advance }) => {
        expect(() => call(link('requester'), options as never)).toThrow(
          expect.objectContaining({
            code: 'invalid-argument',
            phase: 'before-network',
            rawMessage: expect.stringContaining(fault) as string,
          }),
        )
        advance(1_000)
        expect(broker.counts().packets).toEqual({})
      })
    })
  }

  it.each<readonly [fault: string, options: unknown]>([
    ...exchangeFaults,
    ['options.signal is "x": it must be an object', { signal: 'x' }],
  ])('reject the promise of request: %s', async (fault, options) => {
    let promise: Promise<unknown> | undefined
    inWorld(({ link }) => {
      promise = request(link('requester'), echo, 'x', options as never)
    })
    await expect(promise).rejects.toMatchObject({
      code: 'invalid-argument',
      rawMessage: expect.stringContaining(fault) as string,
    })
  })
})

describe('invalid arguments', () => {
  it.each<[fault: string, call: () => unknown]>([
    ['handler is "x": it must be a function', () => serve('x' as never)],
    ['log is undefined: it must be a function', () => logged(undefined as never)],
    ['meter is undefined: it must be an object', () => metered(undefined as never)],
    ['field is undefined: it must be a string', () => payloadField(undefined as never)],
  ])('are rejected: %s', (fault, call) => {
    expect(call).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        rawMessage: expect.stringContaining(fault) as string,
      }),
    )
  })
})
