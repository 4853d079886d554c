import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

const patience = 15_000

/** Ends a client's session in its name: connects with a clean start and leaves. Tries until the broker lets it. */
export async function endSession(port: number, clientId: string): Promise<void> {
  for (const end = performance.now() + patience; performance.now() < end; await wait(50))
    if (await tryToEnd(port, clientId)) return
  throw new Error(`the session of ${clientId} could not be ended within ${patience} ms`)
}

async function tryToEnd(port: number, clientId: string): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, timeout: patience })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => undefined).on('timeout', () => socket.destroy())
  socket.write(connectPacket(clientId))
  const isIn = await Promise.race([
    once(socket, 'data').then(([bytes]) => accepts(bytes as Buffer)),
    closed.then(() => false),
  ]).catch(() => false)
  // DISCONNECT, and the session, which has no expiry, with it.
  if (isIn) socket.end(Buffer.from([0xe0, 0]))
  else socket.destroy()
  socket.resume()
  await closed
  return isIn
}

/** CONNECT of MQTT 5 with Clean Start and no properties. */
function connectPacket(clientId: string): Buffer {
  const id = Buffer.from(clientId)
  const head = [0x10, 13 + id.length, 0, 4, ...Buffer.from('MQTT'), 5, 2, 0, 60, 0, 0, id.length]
  return Buffer.concat([Buffer.from(head), id])
}

function accepts(bytes: Buffer): boolean {
  return bytes[0] === 0x20 && bytes[3] === 0
}
