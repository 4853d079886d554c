import { createBroker, type Broker } from '@antiphon/broker'
import { json, text, userProperty, type Message } from '@antiphon/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { firstValueFrom, from, lastValueFrom, of, Subject, take, toArray } from 'rxjs'
import {
  receiveTelemetry$,
  sendTelemetry$,
  telemetry,
  type IgnoredTelemetry,
  type ReceivedTelemetry,
  type ReceiveOptions,
} from '../src/index.js'

const force = telemetry({ topicPattern: 'presses/{senderId}/force', payload: json.unchecked<number>() })
const tokens = { topicTokens: { senderId: 'press-7' } }

let broker: Broker
beforeEach(() => {
  broker = createBroker()
})
afterEach(() => broker.close())

/** Starts a receiver, and returns what it receives once it is subscribed. */
async function receive(
  options: ReceiveOptions = {},
): Promise<{ readonly all: ReceivedTelemetry<number>[]; readonly ended: Promise<unknown> }> {
  const all: ReceivedTelemetry<number>[] = []
  let ended: Promise<unknown> = Promise.resolve()
  await new Promise<void>((onSubscribed) => {
    ended = receiveTelemetry$(broker.link({ clientId: 'receiver' }), force, {
      ...options,
      onSubscribed,
    }).forEach((message) => void all.push(message))
  })
  return { all, ended }
}

const send = async (...values: readonly number[]): Promise<unknown> =>
  lastValueFrom(
    from(values.map((value) => ({ value, metadata: [['shift', 'night']] as const, ...tokens }))).pipe(
      sendTelemetry$(broker.link({ clientId: 'sender' }), force),
      toArray(),
    ),
  )

describe('telemetry', () => {
  it('is sent and received, in order, with metadata, tokens and CloudEvent', async () => {
    const drain$ = new Subject<void>()
    const { all, ended } = await receive({ drain$ })
    const link = broker.link({ clientId: 'sender' })
    const messages = [
      { value: 1, metadata: [['shift', 'night']] as const },
      { value: 2, cloudEvent: { source: 'presses' } },
    ]
    const acks = await lastValueFrom(from(messages).pipe(sendTelemetry$(link, force, tokens), toArray()))
    expect(acks).toEqual([{ reasonCode: 0 }, { reasonCode: 0 }])
    drain$.next()
    await ended
    expect(all).toMatchObject([
      { value: 1, topicTokens: tokens.topicTokens, metadata: [['shift', 'night']], sourceId: 'sender' },
      { value: 2, cloudEvent: { source: 'presses', subject: 'presses/press-7/force' } },
    ])
    expect(all[0]?.cloudEvent).toBeUndefined()
    expect(all[1]?.timestamp).toMatch(/^\d{15}:\d{5}:/)
  })

  it('is read by a plain MQTT 5 subscriber', async () => {
    const link = broker.link({})
    const message = firstValueFrom(link.messages$('presses/+/force'))
    await firstValueFrom(link.subscription$('presses/+/force'))
    await send(3)
    const { payload, messageExpiryInterval, userProperties, contentType }: Message = await message
    expect(new TextDecoder().decode(payload)).toBe('3')
    expect([messageExpiryInterval, contentType]).toEqual([10, 'application/json'])
    expect(userProperty(userProperties, '__protVer')).toBe('1.0')
  })

  it.each([
    [{ topic: 'presses/7/force', payload: '{' }, { kind: 'invalid-payload' }],
    [{ topic: 'presses/7/force', payload: '1', contentType: 'text/plain' }, { headerName: 'Content Type' }],
    [
      { topic: 'presses/7/force', payload: '1', userProperties: [['__ts', 'now']] as const },
      { headerName: '__ts' },
    ],
    [
      { topic: 'presses/7/force', payload: '1', userProperties: [['__protVer', '2.0']] as const },
      { kind: 'unsupported-version', protocolVersion: '2.0' },
    ],
  ])('is ignored and acknowledged if it is %o', async (message, error) => {
    const drain$ = new Subject<void>()
    const ignored: IgnoredTelemetry[] = []
    const { all, ended } = await receive({ drain$, onIgnored: (each) => ignored.push(each) })
    const payload = new TextEncoder().encode(message.payload)
    await firstValueFrom(broker.link({}).publish$({ ...message, payload }))
    await send(1)
    drain$.next()
    await ended
    expect(all).toMatchObject([{ value: 1 }])
    expect(ignored).toMatchObject([{ message: { topic: message.topic }, error }])
  })

  it('is ignored if a repeated token has two values', async () => {
    const twice = telemetry({ topicPattern: 'a/{ex:x}/{ex:x}', payload: text })
    const ignored: IgnoredTelemetry[] = []
    const link = broker.link({})
    const received = new Promise<ReceivedTelemetry<string>>((resolve) => {
      const onSubscribed = (): void => {
        const sender = broker.link({})
        const payload = new TextEncoder().encode('x')
        sender.publish$({ topic: 'a/b/c', payload }).subscribe()
        of({ value: 'y', topicTokens: { 'ex:x': 'b' } })
          .pipe(sendTelemetry$(sender, twice))
          .subscribe()
      }
      receiveTelemetry$(link, twice, { onSubscribed, onIgnored: (each) => ignored.push(each) }).subscribe(
        resolve,
      )
    })
    expect(await received).toMatchObject({ value: 'y', topicTokens: { 'ex:x': 'b' } })
    expect(ignored).toMatchObject([{ error: { headerName: 'Topic', headerValue: 'a/b/c' } }])
  })

  it('is acknowledged by the application if acknowledge is manual', async () => {
    const { all } = await receive({ acknowledge: 'manual' })
    await send(1)
    expect(all).toMatchObject([{ value: 1 }])
    all[0]?.acknowledge()
    all[0]?.acknowledge()
    await send(2)
    expect(all).toMatchObject([{ value: 1 }, { value: 2 }])
  })

  it('goes to one receiver of a group, and to a subscriber that takes one message', async () => {
    const values$ = receiveTelemetry$(broker.link({}), force, {
      group: 'g',
      onSubscribed: () => void send(1, 2),
    })
    expect(await lastValueFrom(values$.pipe(take(1)))).toMatchObject({ value: 1 })
  })

  it('completes a receiver that is drained before it is subscribed', async () => {
    const link = broker.link({})
    const received = await lastValueFrom(receiveTelemetry$(link, force, { drain$: of(0) }), {
      defaultValue: 'nothing',
    })
    expect(received).toBe('nothing')
  })

  it('is not sent with reserved metadata, an invalid value or a missing token', async () => {
    const link = broker.link({})
    const errorOf = async (message: object): Promise<unknown> =>
      lastValueFrom(of({ value: 1, ...message }).pipe(sendTelemetry$(link, force))).catch(
        (error: unknown) => error,
      )
    expect(await errorOf({ ...tokens, metadata: [['__ft', 'x']] })).toMatchObject({
      propertyName: 'metadata',
    })
    expect(await errorOf({ ...tokens, value: 1n })).toMatchObject({
      kind: 'invalid-payload',
      isShallow: true,
    })
    expect(await errorOf({})).toMatchObject({ kind: 'invalid-configuration', propertyName: 'senderId' })
    expect(await errorOf({ ...tokens, qos: 3 })).toMatchObject({ propertyName: 'qos', propertyValue: 3 })
  })
})
