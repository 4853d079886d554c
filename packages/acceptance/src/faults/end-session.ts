import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

const timeout = 15_000

/** Ends a client's session: connects under its client id with Clean Start, and disconnects. Retries until accepted. */
export async function endSession(port: number, clientId: string): Promise<void> {
  for (const end = performance.now() + timeout; performance.now() < end; await wait(50))
    if (await tryToEnd(port, clientId)) return
  throw new Error(
    `cannot end the session of ${clientId}: the broker did not accept a connection within ${timeout} ms`,
  )
}

async function tryToEnd(port: number, clientId: string): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, timeout })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => undefined).on('timeout', () => socket.destroy())
  socket.write(connectPacket(clientId))
  const isAccepted = await Promise.race([
    once(socket, 'data').then(([bytes]) => accepts(bytes as Buffer)),
    closed.then(() => false),
  ]).catch(() => false)
  // DISCONNECT ends the session, because its Session Expiry Interval is 0.
  if (isAccepted) socket.end(Buffer.from([0xe0, 0]))
  else socket.destroy()
  socket.resume()
  await closed
  return isAccepted
}

/** Returns an MQTT 5 CONNECT with Clean Start and without properties. */
function connectPacket(clientId: string): Buffer {
  const id = Buffer.from(clientId)
  const head = [0x10, 13 + id.length, 0, 4, ...Buffer.from('MQTT'), 5, 2, 0, 60, 0, 0, id.length]
  return Buffer.concat([Buffer.from(head), id])
}

function accepts(bytes: Buffer): boolean {
  return bytes[0] === 0x20 && bytes[3] === 0
}
