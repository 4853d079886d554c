import { connect, type ConnectOptions } from '@antiphon/mqtt'
import { encodeAuth } from '@antiphon/packet'
import type { Link } from '@antiphon/core'
import { filter, firstValueFrom, map, of, Subject, throwError, VirtualTimeScheduler } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connackBytes, type ScriptedBroker, startScriptedBroker } from './scripted-broker.js'

const connack = Uint8Array.from(connackBytes(5))
const method = 'SCRAM'
const begin = (): { readonly data: Uint8Array } => ({ data: Uint8Array.of(1) })

describe('enhanced authentication', () => {
  let broker: ScriptedBroker
  let link: Link | undefined
  beforeEach(async () => {
    broker = await startScriptedBroker()
  })
  afterEach(async () => {
    await link?.close()
    broker.stop()
  })

  /** Returns the error with which the connection ends. */
  async function failureOf(bytes: Uint8Array, options: ConnectOptions): Promise<string> {
    broker.answerConnect(bytes)
    link = connect(broker.url, { reconnect: { initial: 60_000, maximum: 60_000 }, ...options })
    return firstValueFrom(
      link.state$.pipe(
        filter((state) => state.status === 'offline' || state.status === 'closed'),
        map(({ error }) => error?.message ?? ''),
      ),
    )
  }

  const concat = (...packets: readonly Uint8Array[]): Uint8Array =>
    Uint8Array.from(packets.flatMap((packet) => [...packet]))

  it.each<[what: string, bytes: Uint8Array, options: ConnectOptions, message: string]>([
    [
      'an AUTH without an authentication',
      concat(connack, encodeAuth(0x18, method)),
      {},
      'although CONNECT has no Authentication Method',
    ],
    ['an AUTH before CONNACK without an authentication', encodeAuth(0x18, method), {}, 'does not speak MQTT'],
    [
      'another Authentication Method',
      encodeAuth(0x18, 'PLAIN'),
      { authentication: { method, begin } },
      'the broker changes the Authentication Method to PLAIN [MQTT-4.12.0-5]',
    ],
    [
      'an AUTH after the authentication is complete',
      concat(connack, encodeAuth(0x18, method)),
      { authentication: { method, begin } },
      'AUTH without an authentication',
    ],
    [
      'an AUTH to authenticate again',
      encodeAuth(0x19, method),
      { authentication: { method, begin } },
      'the broker sent AUTH with the reason code',
    ],
    [
      'nothing, and reauthenticate$ fails',
      connack,
      { authentication: { method, begin, reauthenticate$: throwError(() => new Error('no watcher')) } },
      'no watcher',
    ],
  ])('closes the connection if the broker sends %s', async (_, bytes, options, message) => {
    expect(await failureOf(bytes, options)).toContain(message)
  })

  it('closes the connection if the broker sends no response to a re-authentication', async () => {
    // The scheduler times the re-authentication only, not the connection.
    const scheduler = new VirtualTimeScheduler()
    broker.answerConnect(connack)
    const opened = connect(broker.url, {
      connectTimeout: 60_000,
      scheduler,
      authentication: { method, begin, reauthenticate$: of(1) },
    })
    link = opened
    await firstValueFrom(opened.state$.pipe(filter(({ status }) => status === 'online')))
    const offline = firstValueFrom(opened.state$.pipe(filter((state) => state.status === 'offline')))
    scheduler.maxFrames = 60_000
    scheduler.flush()
    expect((await offline).error.message).toContain(
      'the broker did not complete the re-authentication within 60000 ms',
    )
  })

  it('ignores an exchange that begins after the connection was closed', async () => {
    const begun$ = new Subject<{ readonly data: Uint8Array }>()
    let calls = 0
    broker.answerConnect(connack)
    const opened = connect(broker.url, {
      authentication: {
        method,
        begin: () => (calls++ === 0 ? begin() : begun$),
        reauthenticate$: of(1),
      },
    })
    link = opened
    await firstValueFrom(opened.state$.pipe(filter(({ status }) => status === 'online')))
    expect(begun$.observed).toBe(true)
    await opened.close()
    expect(begun$.observed).toBe(false)
  })
})
