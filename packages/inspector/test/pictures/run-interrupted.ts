import { once } from 'node:events'
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'
import { endpoint, request, requests$, serve, text } from '@antiphon/core'
import { observed, type EventSink } from '@antiphon/core/events'
import { createBroker } from '@antiphon/broker'
import { connect } from '@antiphon/mqtt'
import { filter, firstValueFrom, Subject, take } from 'rxjs'

type Event = Parameters<EventSink>[0]

/**
 * Runs an exchange over TCP whose handler takes longer than an attempt, and whose requester loses its connection before the
 * response. The request is sent twice and handled once; the response waits in the session until the requester is back.
 */
export async function runInterrupted(sink: EventSink): Promise<void> {
  const events = new Subject<Event>()
  events.subscribe(sink)
  const happened = (kind: Event['kind'], side: Event['side']): Promise<Event> =>
    firstValueFrom(events.pipe(filter((event) => event.kind === kind && event.side === side)))
  const broker = createBroker()
  const { url } = await broker.listen({ protocol: 'tcp' })
  const tunnel = await openTunnel(Number(new URL(url).port))
  const observe = observed((event) => events.next(event))
  const requester = observe(
    connect(tunnel.url, { clientId: 'display', reconnect: { initial: 20, maximum: 20 } }),
  )
  const responder = observe(connect(url, { clientId: 'thermometer' }))
  const temperature = endpoint({
    name: 'temperature',
    topic: 'home/temperature',
    request: text,
    response: text,
  })
  const measured = new Subject<string>()
  const subscribed = new Subject<void>()
  const isSubscribed = firstValueFrom(subscribed)
  requests$(responder, temperature, { onSubscribed: () => subscribed.next() })
    .pipe(serve(() => measured.pipe(take(1))))
    .subscribe()
  await isSubscribed
  await firstValueFrom(requester.state$.pipe(filter(({ status }) => status === 'online')))

  const duplicate = happened('duplicate', 'responder')
  const offline = happened('offline', 'link')
  const responded = happened('responded', 'responder')
  const response = request(requester, temperature, 'kitchen', {
    timeout: 5_000,
    retry: { count: 1, attemptTimeout: 100 },
  })
  await duplicate
  tunnel.cut()
  await offline
  measured.next('22.5 °C')
  await responded
  await response
  await Promise.all([requester.close(), responder.close()])
  tunnel.close()
  await broker.close()
}

/** A way to the broker whose connections can be cut. */
interface Tunnel {
  readonly url: string
  readonly cut: () => void
  readonly close: () => void
}

async function openTunnel(port: number): Promise<Tunnel> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const onward = createConnection(port, '127.0.0.1')
    for (const each of [socket, onward]) sockets.add(each.on('error', () => undefined))
    socket.pipe(onward).pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => sockets.forEach((socket) => socket.destroy())
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    close: () => {
      cut()
      server.close()
    },
  }
}
