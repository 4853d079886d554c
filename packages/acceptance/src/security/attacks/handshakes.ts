import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { createBroker, type ListenOptions } from '@antiphon/broker'
import { connect } from '@antiphon/mqtt'
import { filter, firstValueFrom, timeout } from 'rxjs'
import { createTestAuthority } from '../test-bed/authority.js'
import { attackOutcome, attacksOn, type Attack } from '../test-bed/attack.js'
import { noPeerReason } from '../test-bed/own-broker.js'

const maxConnections = 50
const connectTimeout = 300
/** Milliseconds until a legitimate client must be online, and until `close()` must have ended. */
const maxWait = 10_000
const halfRequest = 'GET /mqtt HTTP/1.1\r\nHost: localhost\r\n'

/** How connections stay silent: the transport, and what they send first. */
const silences = [
  { name: 'TLS connections that send nothing', protocol: 'tls', bytes: '' },
  { name: 'WebSocket connections that send nothing', protocol: 'ws', bytes: '' },
  { name: 'half-sent WebSocket requests', protocol: 'ws', bytes: halfRequest },
] as const
type Silence = (typeof silences)[number]

/** Connections that begin a handshake and do not finish it. */
export const handshakes: readonly Attack[] = attacksOn(
  'broker',
  ...silences.map((silence) => ({
    name: `${silence.name}, as many as the broker accepts`,
    noPeerReason,
    run: () => lockOut(silence),
  })),
  ...silences.map((silence) => ({
    name: `${silence.name} while the broker closes`,
    noPeerReason,
    run: () => delayClose(silence),
  })),
)

/** Fills all places with silent connections. A legitimate client, which retries, must come in. */
async function lockOut({ protocol, bytes }: Silence): ReturnType<Attack['run']> {
  const { ca, options } = await listenOptions(protocol)
  const broker = createBroker({ closeTimeout: 0, limits: { connections: maxConnections, connectTimeout } })
  const { port } = await broker.listen(options)
  const silent = await Promise.all(Array.from({ length: maxConnections }, () => openSilent(port, bytes)))
  const link = connect(`${protocol === 'tls' ? 'mqtts' : 'ws'}://localhost:${port}`, {
    ca,
    reconnect: { initial: 100, maximum: 100 },
  })
  const start = performance.now()
  const isIn = await firstValueFrom(
    link.state$.pipe(
      filter(({ status }) => status === 'online'),
      timeout(maxWait),
    ),
  ).then(
    () => true,
    () => false,
  )
  const seconds = ((performance.now() - start) / 1_000).toFixed(1)
  await link.close()
  for (const socket of silent) socket.destroy()
  await broker.close()
  return attackOutcome(
    `disconnected after the connect timeout; a legitimate client was online after ${seconds} s`,
    !isIn && `no legitimate client was online within ${maxWait / 1_000} s`,
  )
}

/** Keeps a silent connection open while the broker closes. */
async function delayClose({ protocol, bytes }: Silence): ReturnType<Attack['run']> {
  const { options } = await listenOptions(protocol)
  const broker = createBroker({ closeTimeout: 0 })
  const { port } = await broker.listen(options)
  const socket = await openSilent(port, bytes)
  const start = performance.now()
  const hasClosed = await Promise.race([
    broker.close().then(() => true),
    new Promise<false>((resolve) => setTimeout(resolve, maxWait, false)),
  ])
  socket.destroy()
  return attackOutcome(
    `closed within ${Math.round(performance.now() - start)} ms`,
    !hasClosed && `not closed within ${maxWait / 1_000} s`,
  )
}

async function listenOptions(
  protocol: Silence['protocol'],
): Promise<{ readonly ca: string; readonly options: ListenOptions }> {
  const { ca, server } = await createTestAuthority()
  return {
    ca,
    options:
      protocol === 'tls' ? { protocol, host: 'localhost', tls: server } : { protocol, host: 'localhost' },
  }
}

async function openSilent(port: number, bytes: string): Promise<Socket> {
  const socket = connectTcp(port, 'localhost')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(bytes)
  socket.resume()
  return socket
}
