import {
  endpoint,
  exchange$,
  ignoredRequests$,
  json,
  payloadField,
  requests$,
  serve,
  unmatchedResponses$,
  text,
} from '@antiphon/core'
import * as t from 'io-ts'
import { delay, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe, publishedBy, responseTo, statusOf, textOf } from '../observed.js'
import { inWorld, type World } from '../world.js'

const Unlock = t.type({ command: t.string, commandId: t.string })
const Unlocked = t.type({ commandId: t.string, result: t.string })
const unlock = endpoint({
  topic: 'req/{car}/{mobile}',
  responseTopic: 'res/{mobile}/{car}',
  responseFilter: 'res/{mobile}/#',
  request: json(Unlock),
  response: json(Unlocked),
  correlation: payloadField('commandId'),
})
const params = { car: 'car1', mobile: 'm1' }

/** Serves `unlock`: the command is the delay of the response in milliseconds. */
function serveUnlock({ link, advance }: World, protocolVersion: 4 | 5): { readonly ids: readonly string[] } {
  const ids: string[] = []
  requests$(link('car1', { protocolVersion }), unlock, { params: { car: 'car1' } })
    .pipe(
      serve(({ value }) => {
        ids.push(value.commandId)
        return of({ result: value.command }).pipe(delay(Number(value.command) || 0))
      }),
    )
    .subscribe()
  advance(50)
  return { ids }
}

function parsed(message: { readonly payload: Uint8Array } | undefined): Readonly<Record<string, unknown>> {
  return JSON.parse(textOf(message ?? { payload: bytesOf('{}') })) as Readonly<Record<string, unknown>>
}

describe.each([4, 5] as const)('payloadField over protocol version %d', (protocolVersion) => {
  it('matches responses in any order by the token in their payload', () => {
    inWorld((world) => {
      const { ids } = serveUnlock(world, protocolVersion)
      const requester = world.link('m1', { protocolVersion })
      const calls = ['300', '100', '200'].map((command) =>
        observe(world, exchange$(requester, unlock, { params, value: { command } })),
      )
      world.advance(1_000)
      expect(calls.map(({ values }) => values)).toEqual([
        [{ commandId: ids[0], result: '300' }],
        [{ commandId: ids[1], result: '100' }],
        [{ commandId: ids[2], result: '200' }],
      ])
      expect(new Set(ids).size).toBe(3)
    })
  })

  it('uses the token of the request value if it has one', () => {
    inWorld((world) => {
      const { ids } = serveUnlock(world, protocolVersion)
      const requester = world.link('m1', { protocolVersion })
      const call = observe(
        world,
        exchange$(requester, unlock, { params, value: { command: '0', commandId: 'own' } }),
      )
      world.advance(100)
      expect(ids).toEqual(['own'])
      expect(call.values).toEqual([{ commandId: 'own', result: '0' }])
    })
  })

  it('rejects a second pending request with the same token', () => {
    inWorld((world) => {
      serveUnlock(world, protocolVersion)
      const requester = world.link('m1', { protocolVersion })
      const value = { command: '100', commandId: 'own' }
      const first = observe(world, exchange$(requester, unlock, { params, value }))
      const second = observe(world, exchange$(requester, unlock, { params, value }))
      world.advance(1_000)
      expect(first.ending()).toBe('complete')
      expect(second.ending()).toMatchObject({ code: 'invalid-argument', phase: 'before-network' })
    })
  })

  it('answers duplicate requests with the same bytes and one handler run', () => {
    inWorld((world) => {
      const { ids } = serveUnlock(world, protocolVersion)
      const responses = publishedBy(world, 'car1')
      const payload = bytesOf('{"command":"0","commandId":"7"}')
      for (let count = 0; count < 3; count++) {
        world.broker.publish({ topic: 'req/car1/m1', payload })
        world.advance(20)
      }
      expect(ids).toEqual(['7'])
      expect(responses.map(({ message }) => parsed(message))).toEqual([
        { result: '0', commandId: '7' },
        { result: '0', commandId: '7' },
        { result: '0', commandId: '7' },
      ])
    })
  })

  it('emits responses with another, no or an unreadable token on unmatchedResponses$', () => {
    inWorld((world) => {
      const requester = world.link('m1', { protocolVersion })
      const unmatched = observe(world, unmatchedResponses$(requester))
      const call = observe(
        world,
        exchange$(requester, unlock, { params, value: { command: 'x', commandId: '1' } }),
      )
      world.advance(20)
      for (const payload of [
        '{"commandId":"2","result":"Success"}',
        'no json',
        '[]',
        '{"result":"no token"}',
        '{"commandId":"1","result":7}',
      ])
        world.broker.publish({ topic: 'res/m1/car1', payload: bytesOf(payload) })
      world.broker.publish({
        topic: 'res/m1/car2',
        payload: bytesOf('{"commandId":"1","result":"from another car"}'),
      })
      world.advance(20)
      expect(unmatched.values).toHaveLength(6)
      expect(call.ending()).toBeUndefined()
      world.broker.publish({
        topic: 'res/m1/car1',
        payload: bytesOf('{"commandId":"1","result":"Success"}'),
      })
      world.advance(20)
      expect(call.values).toEqual([{ commandId: '1', result: 'Success' }])
    })
  })
})

describe('payloadField', () => {
  it('sends Correlation Data as well on MQTT 5, and matches a failure without a payload by it', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'm1')
      const call = observe(world, exchange$(world.link('m1'), unlock, { params, value: { command: 'x' } }))
      world.advance(20)
      const [request] = published
      if (request === undefined) throw new Error('no request was published')
      world.broker.publish(
        responseTo(request.message, '', { topic: 'res/m1/car1', userProperties: [['__stat', '503']] }),
      )
      world.advance(20)
      expect(call.ending()).toMatchObject({ code: 'status', status: { code: 503 } })
    })
  })

  it('answers 400 with the Correlation Data of a request that cannot be decoded', () => {
    inWorld((world) => {
      serveUnlock(world, 5)
      const responses = publishedBy(world, 'car1')
      const correlationData = bytesOf('c')
      world.broker.publish({ topic: 'req/car1/m1', payload: bytesOf('no json'), correlationData })
      world.advance(20)
      expect(responses.map(({ message }) => statusOf(message))).toEqual([400])
      expect(responses[0]?.message.correlationData).toEqual(correlationData)
    })
  })

  it.each(['жетон', '🔑', 'a token with sixteen ü', 'ünïcödé-token-16'])(
    'matches a failure without a payload by the non-ASCII token %s',
    (commandId) => {
      inWorld((world) => {
        const requester = world.link('m1')
        const published = publishedBy(world, 'm1')
        const value = { command: 'x', commandId }
        const call = observe(world, exchange$(requester, unlock, { params, value }))
        world.advance(20)
        const [request] = published
        if (request === undefined) throw new Error('no request was published')
        world.broker.publish(
          responseTo(request.message, '', { topic: 'res/m1/car1', userProperties: [['__stat', '503']] }),
        )
        world.advance(20)
        expect(call.ending()).toMatchObject({ code: 'status', status: { code: 503 } })
      })
    },
  )

  it('accepts a number as token', () => {
    const numbered = endpoint({
      topic: 'echo',
      responseTopic: 'responses',
      request: json(t.type({ id: t.number })),
      response: json(t.type({ id: t.number })),
      correlation: payloadField('id'),
    })
    inWorld((world) => {
      const call = observe(world, exchange$(world.link('requester'), numbered, { id: 7 }))
      world.advance(20)
      world.broker.publish({ topic: 'responses', payload: bytesOf('{"id":7}') })
      world.advance(20)
      expect(call.values).toEqual([{ id: 7 }])
    })
  })

  it('fails a request whose value is not an object', () => {
    const textual = endpoint({
      topic: 'echo',
      request: text,
      response: text,
      correlation: payloadField('id'),
    })
    inWorld((world) => {
      const call = observe(world, exchange$(world.link('requester'), textual, 'x'))
      expect(call.ending()).toMatchObject({ code: 'invalid-argument' })
      expect(world.broker.counts().packets).toEqual({})
    })
  })

  it('ignores an inherited property with the name of the field', () => {
    const odd = endpoint({
      topic: 'echo',
      responseTopic: 'responses',
      request: json(t.type({ toString: t.string })),
      response: json(t.unknown),
      correlation: payloadField('toString'),
    })
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      observe(world, exchange$(world.link('requester'), odd, {} as never))
      world.advance(20)
      expect(typeof parsed(published[0]?.message)['toString']).toBe('string')
    })
  })
})

describe('payloadField with a number as token', () => {
  const Numbered = t.type({ id: t.number, text: t.string })
  const numbered = endpoint({
    topic: 'numbered/request',
    responseTopic: 'numbered/response',
    request: json(Numbered),
    response: json(Numbered),
    correlation: payloadField('id'),
  })

  it.each([4, 5] as const)(
    'stays a number in request and response over protocol version %d',
    (protocolVersion) => {
      inWorld((world) => {
        const responses = publishedBy(world, 'server')
        const requests = publishedBy(world, 'requester')
        requests$(world.link('server', { protocolVersion }), numbered)
          .pipe(serve(({ value }) => of({ text: `${value.text}!` })))
          .subscribe()
        world.advance(50)
        const call = observe(
          world,
          exchange$(world.link('requester', { protocolVersion }), numbered, { id: 7, text: 'x' }),
        )
        world.advance(100)
        expect(parsed(requests[0]?.message)).toEqual({ id: 7, text: 'x' })
        expect(parsed(responses[0]?.message)).toEqual({ id: 7, text: 'x!' })
        expect(call.values).toEqual([{ id: 7, text: 'x!' }])
      })
    },
  )
})

describe('a failure for a requester without MQTT 5 on a fixed response topic', () => {
  it('is not sent without a payload', () => {
    inWorld((world) => {
      const responses = publishedBy(world, 'car1')
      const records = observe(
        world,
        requests$(world.link('car1'), unlock).pipe(
          serve(() => {
            throw new Error('broken')
          }),
        ),
      )
      world.advance(50)
      const payload = bytesOf(JSON.stringify({ command: 'open', commandId: '1' }))
      world.broker.publish({ topic: 'req/car1/m1', payload })
      world.advance(50)
      expect(records.values).toMatchObject([{ outcome: 'failed' }])
      expect(responses).toEqual([])
      // A requester with MQTT 5 reads the status.
      world.broker.publish({
        topic: 'req/car1/m1',
        payload: bytesOf(JSON.stringify({ command: 'open', commandId: '2' })),
        messageExpiryInterval: 5,
      })
      world.advance(50)
      expect(responses.map(({ message }) => statusOf(message))).toEqual([500])
    })
  })
})

describe('payloadField with a source of tokens', () => {
  const Numbered = t.type({ id: t.number })
  const counted = endpoint({
    topic: '{device}/rpc',
    responseTopic: '{device}/results',
    request: json(Numbered),
    response: json(Numbered),
    correlation: payloadField('id', { token: 'number' }),
  })

  it('counts requests, with numbers in the payload', () => {
    inWorld((world) => {
      const sent = publishedBy(world, 'app')
      const link = world.link('app')
      const calls = [1, 2].map(() =>
        observe(world, exchange$(link, counted, { params: { device: 'd' }, value: {} })),
      )
      world.advance(20)
      expect(sent.map(({ message }) => textOf(message))).toEqual(['{"id":1}', '{"id":2}'])
      world.broker.publish({ topic: 'd/results', payload: bytesOf('{"id":2}') })
      world.advance(20)
      expect(calls.map(({ values }) => values)).toEqual([[], [{ id: 2 }]])
    })
  })

  it('takes another number for an attempt after a failure', () => {
    inWorld((world) => {
      const perDevice = endpoint({
        topic: '{device}/rpc',
        responseTopic: '{device}/results',
        request: json(t.type({ id: t.string })),
        response: json(t.type({ id: t.string, busy: t.boolean })),
        failureOf: ({ busy }) => (busy ? { code: 500 } : undefined),
        correlation: payloadField('id', { token: ({ device }) => `${String(device)}-${++last}` }),
      })
      let last = 0
      const sent = publishedBy(world, 'app')
      const retry = { count: 1, on: () => true, backOff: { initial: 100, jitter: 0 } }
      const request = { params: { device: 'd' }, value: {} }
      const call = observe(world, exchange$(world.link('app'), perDevice, request, { retry }))
      world.advance(20)
      world.broker.publish({ topic: 'd/results', payload: bytesOf('{"id":"d-1","busy":true}') })
      world.advance(500)
      world.broker.publish({ topic: 'd/results', payload: bytesOf('{"id":"d-2","busy":false}') })
      world.advance(20)
      expect(call.values).toEqual([{ id: 'd-2', busy: false }])
      expect(sent.map(({ message }) => textOf(message))).toEqual(['{"id":"d-1"}', '{"id":"d-2"}'])
    })
  })

  it('is refused with an unknown source', () => {
    expect(() => payloadField('id', { token: 'nanoid' as never })).toThrow(
      'options.token is "nanoid": it must be uuid or number or a function',
    )
  })
})

describe('payloadField with the response topic in the payload', () => {
  const Call = t.type({ id: t.number, src: t.string, method: t.string })
  const CallResult = t.type({ id: t.number, result: t.string })
  const rpc = endpoint({
    topic: '{device}/rpc',
    request: json(Call),
    response: json(CallResult),
    correlation: payloadField('id', {
      token: 'number',
      responseTopic: { field: 'src', template: '{src}/rpc' },
    }),
    cancel: 'local',
  })
  const options = { responseTopic: 'me/rpc' }
  const request = { params: { device: 'lamp' }, value: { method: 'Switch.Toggle' } }

  it.each([4, 5] as const)('names the requester there, over protocol version %d', (protocolVersion) => {
    inWorld((world) => {
      requests$(world.link('lamp', { protocolVersion }), rpc, { params: { device: 'lamp' } })
        .pipe(serve(({ value }) => of({ result: value.method })))
        .subscribe()
      world.advance(20)
      const [sent, responses] = [publishedBy(world, 'app'), publishedBy(world, 'lamp')]
      const call = observe(world, exchange$(world.link('app', { protocolVersion }), rpc, request, options))
      world.advance(50)
      expect(call.values).toMatchObject([{ result: 'Switch.Toggle' }])
      expect(sent.map(({ message }) => JSON.parse(textOf(message)) as unknown)).toEqual([
        { id: call.values[0]?.id, src: 'me', method: 'Switch.Toggle' },
      ])
      expect(responses.map(({ message }) => message.topic)).toEqual(['me/rpc'])
    })
  })

  it('has the whole topic there without a template', () => {
    inWorld((world) => {
      const whole = endpoint({
        topic: 'jobs',
        request: json(t.type({ id: t.string, answerTo: t.string })),
        response: json(t.type({ id: t.string })),
        correlation: payloadField('id', { responseTopic: { field: 'answerTo' } }),
      })
      const sent = publishedBy(world, 'app')
      observe(
        world,
        exchange$(world.link('app', { protocolVersion: 4 }), whole, {}, { responseTopic: 'a/b/c' }),
      )
      world.advance(20)
      expect(parsed(sent[0]?.message)).toMatchObject({ answerTo: 'a/b/c' })
    })
  })

  it('fails a request whose response topic does not fit, before anything is sent', () => {
    inWorld((world) => {
      const call = observe(world, exchange$(world.link('app'), rpc, request))
      world.advance(20)
      expect(call.ending()).toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining(
          'set the option responseTopic to one of the form {src}/rpc',
        ) as string,
      })
    })
  })

  it.each([['"#"'], ['"a/b"'], ['7'], ['""']])('ignores a request that names %s', (src) => {
    inWorld((world) => {
      const link = world.link('lamp', { protocolVersion: 4 })
      const ignored = observe(world, ignoredRequests$(link))
      requests$(link, rpc, { params: { device: 'lamp' } })
        .pipe(serve(() => of({ result: 'x' })))
        .subscribe()
      world.advance(20)
      const sent = publishedBy(world, 'lamp')
      world.broker.publish({ topic: 'lamp/rpc', payload: bytesOf(`{"id":1,"src":${src},"method":"x"}`) })
      world.advance(20)
      expect(sent).toEqual([])
      expect(ignored.values).toMatchObject([{ reason: 'response-topic' }])
    })
  })

  it('is refused with a template without a parameter, or with two', () => {
    for (const template of ['rpc', '{a}/{b}']) {
      expect(() => payloadField('id', { responseTopic: { field: 'src', template } })).toThrow(
        `responseTopic.template is ${template}: it must have one parameter, the value of src`,
      )
    }
  })
})
