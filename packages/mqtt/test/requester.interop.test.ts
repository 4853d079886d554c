import {
  AntiphonError,
  endpoint,
  request,
  requests$,
  serve,
  text,
  topicParams,
  unmatchedResponses$,
  type ExchangeOptions,
  type Link,
} from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { connect, type ConnectOptions } from '@antiphon/mqtt'
import { describeForeign, startMosquitto, type Mosquitto } from '@antiphon/workshop'
import { firstValueFrom, lastValueFrom, Observable, Subject, VirtualTimeScheduler } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'

const echo = endpoint({ topic: 'echo', request: text, response: text })
/** Long enough for an exchange on a busy machine. */
const connected = { timeout: 30_000 }

describeForeign(['mosquitto'], 'a requester over Mosquitto', () => {
  let broker: Mosquitto
  let links: Link[]
  beforeEach(async () => {
    links = []
    broker = await startMosquitto()
  })
  afterEach(async () => {
    await Promise.all(links.map((link) => link.close()))
    await broker.stop()
  })

  const newLink = (options: ConnectOptions = {}): Link => {
    const link = connect(`mqtt://127.0.0.1:${broker.port}`, options)
    links.push(link)
    return link
  }
  /** Resolves with the error of a request. */
  const errorOf = (link: Link, options: ExchangeOptions): Promise<AntiphonError> =>
    request(link, echo, 'x', options).then(
      () => Promise.reject(new Error('the request succeeded')),
      (error: unknown) => AntiphonError.from(error),
    )

  it('fails correlationData on MQTT 3.1.1 at once, and not after its timeout', async () => {
    const error = await errorOf(newLink({ protocolVersion: 4 }), { timeout: 3_600_000 })
    expect(error).toMatchObject({ code: 'invalid-argument', endpoint: 'echo', phase: 'before-network' })
  })

  it('names the topic without a subscriber in the timeout error', async () => {
    const stepTimeouts = { response: 100 }
    const error = await errorOf(newLink(), { ...connected, stepTimeouts })
    expect(error).toMatchObject({ code: 'timeout', cause: { code: 'no-responder', reasonCode: 0x10 } })
    expect(error.message).toContain('The broker reports no subscriber to echo')
  })

  it('stops the handler of a request that times out', async () => {
    const stopped = new Subject<void>()
    const started = new Subject<void>()
    const server = newLink()
    const handler = new Observable<string>(() => {
      started.next()
      return () => stopped.next()
    })
    requests$(server, echo)
      .pipe(serve(() => handler))
      .subscribe()
    const hasStarted = firstValueFrom(started)
    const hasStopped = firstValueFrom(stopped)
    await firstValueFrom(server.subscription$('echo'))
    // The time of the request passes when its handler has started.
    const scheduler = new VirtualTimeScheduler()
    const stepTimeouts = { response: 2_000 }
    const error = errorOf(newLink({ scheduler }), { ...connected, stepTimeouts })
    await hasStarted
    scheduler.maxFrames = stepTimeouts.response
    scheduler.flush()
    expect(await error).toMatchObject({ code: 'timeout', awaited: 'response' })
    await hasStopped
  })

  it('ignores a retained message on the response topic', async () => {
    const publisher = newLink()
    await lastValueFrom(publisher.publish$({ topic: 'response', payload: toUtf8('old'), retain: true }))
    const byTopic = endpoint({
      topic: 'command',
      responseTopic: 'response',
      request: text,
      response: text,
      correlation: topicParams(),
    })
    const requester = newLink()
    const unmatched = firstValueFrom(unmatchedResponses$(requester))
    const response = request(requester, byTopic, 'x', connected)
    expect((await unmatched).message).toMatchObject({ retain: true, payload: toUtf8('old') })
    await lastValueFrom(publisher.publish$({ topic: 'response', payload: toUtf8('new') }))
    expect(await response).toBe('new')
  })
})
