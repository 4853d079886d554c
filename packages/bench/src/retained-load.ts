import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { connectClient, disconnect, publish } from './broker-load.js'

/** The result of a SUBSCRIBE with many filters over many retained messages. */
interface RetainedResult {
  /** Milliseconds until the client has all messages. */
  readonly milliseconds: number
  /** The longest round trip of the pings of another client meanwhile, in milliseconds. */
  readonly longestPing: number
}

/** The number of filters, and of the retained messages that each of them matches. */
const retainedFilters = 500
const messagesOfFilter = 100

/** The number of all retained messages. */
export const retainedMessages: number = retainedFilters * messagesOfFilter

const digits = (number: number): string => String(number).padStart(3, '0')

/** Publishes 50 000 retained messages. */
export async function retain(port: number): Promise<void> {
  const socket = await connectClient(port, 'retainer')
  for (let filter = 0; filter < retainedFilters; filter++) {
    const messages = Array.from({ length: messagesOfFilter }, (_, index) =>
      publish(topicOf(filter, index), 0, 1, true),
    )
    if (!socket.write(Buffer.concat(messages))) await once(socket, 'drain')
  }
  // Acknowledged after all messages before it.
  socket.write(publish('bench/retained', 1, 1))
  await once(socket, 'data')
  await disconnect(socket)
}

/** Subscribes to all of them by one SUBSCRIBE of 500 filters with a wildcard each. */
export async function subscribeToRetained(port: number): Promise<RetainedResult> {
  const socket = await connectClient(port, 'subscriber')
  const other = await connectClient(port, 'other')
  const expected = subackLength + retainedMessages * publish(topicOf(0, 0), 0, 1).length
  const began = performance.now()
  let isComplete = false
  const received = new Promise<void>((resolve) => {
    let bytes = 0
    socket.on('data', (chunk) => {
      bytes += chunk.length
      if (bytes < expected) return
      isComplete = true
      resolve()
    })
  })
  socket.write(subscribePacket())
  let longestPing = 0
  while (!isComplete) {
    longestPing = Math.max(longestPing, await ping(other))
    await wait(1)
  }
  await received
  const milliseconds = performance.now() - began
  await Promise.all([socket, other].map(disconnect))
  return { milliseconds, longestPing }
}

function topicOf(filter: number, index: number): string {
  return `r/${digits(filter)}/${digits(index)}`
}

/** The bytes of a SUBACK with one reason code for each filter. */
const subackLength = 1 + 2 + 2 + retainedFilters

function subscribePacket(): Buffer {
  const filters = Array.from({ length: retainedFilters }, (_, filter) => {
    const name = Buffer.from(`r/${digits(filter)}/+`)
    return Buffer.concat([Buffer.from([0, name.length]), name, Buffer.from([0])])
  })
  const body = Buffer.concat([Buffer.from([0, 1]), ...filters])
  return Buffer.concat([Buffer.from([0x82, (body.length & 0x7f) | 0x80, body.length >> 7]), body])
}

async function ping(socket: Socket): Promise<number> {
  const sentAt = performance.now()
  socket.write(Buffer.from([0xc0, 0]))
  await once(socket, 'data')
  return performance.now() - sentAt
}
