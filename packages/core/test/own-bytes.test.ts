import { setImmediate as turn } from 'node:timers/promises'
import { linkOver } from '@antiphon/core/link'
import { describe, expect, it } from 'vitest'
import { Assembly } from '../src/chunk/assembly.js'
import { withOwnBytes } from '../src/own-bytes.js'
import { connectionInfo } from './link/connection-info.js'
import { manualTransport } from './link/manual-transport.js'
import { arrival, bytes, textOf } from './link/messages.js'
import { collectGarbage } from './topic/garbage.js'

const chunkSize = 65_536

/** Returns a view of a chunk as a socket reads it, and a reference that tells whether the chunk is still in memory. */
function received(text: string): { readonly payload: Uint8Array; readonly chunk: WeakRef<ArrayBufferLike> } {
  const chunk = new Uint8Array(chunkSize)
  chunk.set(bytes(text), 100)
  return { payload: chunk.subarray(100, 100 + text.length), chunk: new WeakRef(chunk.buffer) }
}

async function isInMemory(chunk: WeakRef<ArrayBufferLike>): Promise<boolean> {
  await turn() // A WeakRef keeps its target alive until the end of the job that created it.
  collectGarbage()
  return chunk.deref() !== undefined
}

describe('a small message that is kept does not keep the chunk of the socket in memory', () => {
  it('while it waits for its subscriber', async () => {
    const transport = manualTransport()
    const link = linkOver(transport)
    link.state$.subscribe()
    const connection = transport.connections[0]?.subscriber
    const receive = (): WeakRef<ArrayBufferLike> => {
      const { payload, chunk } = received('kept')
      const message = arrival('a', '', { payload, correlationData: payload })
      connection?.next({ type: 'message', message, acknowledge: () => undefined })
      return chunk
    }
    connection?.next({ type: 'online', info: connectionInfo({ sessionPresent: true }) })
    const chunk = receive()
    expect(await isInMemory(chunk)).toBe(false)
    const texts: string[] = []
    link.messages$('a').subscribe((message) => texts.push(textOf(message)))
    transport.subscribed[0]?.subscriber.next([1])
    expect(texts).toEqual(['kept'])
    void link.close()
  })

  it('as the retained message for later subscribers', async () => {
    const transport = manualTransport({ subscribe: ({ subscriber }) => subscriber.next([1]) })
    const link = linkOver(transport)
    link.messages$('a').subscribe()
    const connection = transport.connections[0]?.subscriber
    connection?.next({ type: 'online', info: connectionInfo() })
    const receive = (): WeakRef<ArrayBufferLike> => {
      const { payload, chunk } = received('kept')
      const message = arrival('a', '', { payload, retain: true })
      connection?.next({ type: 'message', message, acknowledge: () => undefined })
      return chunk
    }
    const chunk = receive()
    expect(await isInMemory(chunk)).toBe(false)
    const texts: string[] = []
    link.messages$('a').subscribe((message) => texts.push(textOf(message)))
    expect(texts).toEqual(['kept'])
    void link.close()
  })

  it('as a chunk of a payload that is incomplete', async () => {
    const assembly = new Assembly(1_000)
    const add = (): WeakRef<ArrayBufferLike> => {
      const { payload, chunk } = received('kept')
      assembly.add(arrival('a', '', { payload, userProperties: [['__chunk', '0:2:8:aaaaaaaa']] }))
      return chunk
    }
    const chunk = add()
    expect(assembly.received).toBe(4)
    expect(await isInMemory(chunk)).toBe(false)
  })
})

describe('withOwnBytes', () => {
  it('does not copy a message that uses most of its buffers', () => {
    const message = arrival('a', 'text', { correlationData: bytes('data') })
    expect(withOwnBytes(message)).toBe(message)
  })
})
