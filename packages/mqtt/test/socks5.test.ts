import { throughProxy } from '@antiphon/mqtt/proxy'
import { on, once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'

const noUser = Uint8Array.of(5, 0)
const byUser = Uint8Array.of(5, 2)
const accepted = Uint8Array.of(1, 0)
const replyOf = (code: number): Uint8Array => Uint8Array.of(5, code, 0, 1, 0, 0, 0, 0, 0, 0)

type Script = readonly (Uint8Array | 'silence' | 'close')[]

interface ScriptedProxy {
  readonly tunnel: Duplex
  /** What the client sent, one entry for each step of the script it reached. */
  readonly received: readonly Buffer[]
  /** Resolves once the client's socket is closed. */
  readonly left: Promise<unknown>
  readonly reached: (steps: number) => Promise<void>
}

const servers = new Set<Server>()
afterEach(() => {
  for (const server of servers) server.close()
  servers.clear()
})

/** A proxy that plays one step of a script for each thing it receives, and opens a tunnel through it. */
async function scripted(
  script: Script,
  { user = '', isSplit = false, host = 'broker.example' } = {},
): Promise<ScriptedProxy> {
  const received: Buffer[] = []
  const play = async (client: Socket): Promise<void> => {
    const arrivals = on(client, 'data', { close: ['close'] }) as AsyncIterator<[Buffer], undefined>
    for (const step of script) {
      const { value, done } = await arrivals.next()
      if (done === true) return
      received.push(value[0])
      server.emit('step')
      if (step === 'silence') return
      if (step === 'close') return void client.end()
      for (const part of isSplit ? Array.from(step, (byte) => Uint8Array.of(byte)) : [step]) {
        client.write(part)
        // The client shares this event loop: it has read the part before the next one is written.
        for (let turn = 0; isSplit && turn < 5; turn += 1) await nextTurn()
      }
    }
  }
  const server = createServer({ noDelay: true }).listen(0, '127.0.0.1')
  servers.add(server)
  await once(server, 'listening')
  const connected = once(server, 'connection') as Promise<[Socket]>
  const left = connected.then(([client]) => {
    client.on('error', () => undefined)
    const closed = new Promise((resolve) => client.once('close', resolve))
    // A client that resets its connection has left, too.
    play(client).catch(() => undefined)
    return closed
  })
  const { port } = server.address() as AddressInfo
  const tunnel = throughProxy(`socks5://${user}127.0.0.1:${port}`)({ host, port: 1883 }) as Duplex
  const reached = async (steps: number): Promise<void> => {
    while (received.length < steps) await once(server, 'step')
  }
  return { tunnel, received, left, reached }
}

async function failureOf(tunnel: Duplex): Promise<Error> {
  const [error] = (await once(tunnel.resume(), 'error').catch((thrown: unknown) => [thrown])) as [Error]
  return error
}

describe('a tunnel by SOCKS 5', () => {
  it('opens when every answer of the proxy arrives byte by byte', async () => {
    const opening = await scripted([byUser, accepted, Buffer.concat([replyOf(0), Buffer.from('hello')])], {
      user: 'me:secret@',
      isSplit: true,
    })
    const { tunnel, received, left } = opening
    let text = ''
    for await (const chunk of tunnel as AsyncIterable<Buffer>) {
      text += chunk.toString()
      if (text.length === 5) break
    }
    expect(text).toBe('hello')
    expect(received.map((bytes) => bytes.toString('latin1'))).toEqual([
      '\x05\x01\x02',
      '\x01\x02me\x06secret',
      '\x05\x01\x00\x03\x0ebroker.example\x07\x5b',
    ])
    await left
  })

  it('delivers what the broker sent together with the reply', async () => {
    const early = Buffer.alloc(100_000, 'e')
    const { tunnel } = await scripted([noUser, Buffer.concat([replyOf(0), early])])
    let length = 0
    for await (const chunk of tunnel as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length === early.length) break
    }
    expect(length).toBe(early.length)
  })

  it.each([
    ['a name', Uint8Array.of(5, 0, 0, 3, 4, 97, 98, 99, 100, 7, 91)],
    ['an IPv6 address', Uint8Array.of(5, 0, 0, 4, ...Array.from({ length: 16 }, () => 1), 7, 91)],
  ])('reads past %s in the reply', async (_, reply) => {
    const { tunnel } = await scripted([noUser, Buffer.concat([reply, Buffer.from('hello')])])
    const [chunk] = (await once(tunnel, 'data')) as [Buffer]
    expect(chunk.toString()).toBe('hello')
    tunnel.destroy()
  })

  it.each([
    ['broker.example', 'broker.example'],
    ['10.1.2.3', '10.1.2.3'],
    ['2001:db8::1', '2001:db8::1'],
  ])('lets the proxy look %s up', async (host, name) => {
    const { tunnel, received, reached } = await scripted([noUser, 'silence'], { host })
    await reached(2)
    expect(received[1]?.subarray(3, -2)).toEqual(Buffer.from([3, name.length, ...Buffer.from(name)]))
    tunnel.destroy()
  })

  it.each<[string, Script, string]>([
    ['general failure', [noUser, replyOf(1)], ''],
    ['not allowed by its rules', [noUser, replyOf(2)], ''],
    ['network unreachable', [noUser, replyOf(3)], ''],
    ['host unreachable', [noUser, replyOf(4)], ''],
    ['connection refused', [noUser, replyOf(5)], ''],
    ['time to live expired', [noUser, replyOf(6)], ''],
    ['command not supported', [noUser, replyOf(7)], ''],
    ['address type not supported', [noUser, replyOf(8)], ''],
    ['reply 9', [noUser, replyOf(9)], ''],
    ['it wants a user', [Uint8Array.of(5, 0xff)], ''],
    ['it takes no user', [noUser], 'me:secret@'],
    ['wrong user or password', [byUser, Uint8Array.of(1, 1)], 'me:secret@'],
    ['it closed', ['close'], ''],
    ['it closed', [noUser, 'close'], ''],
    ['it closed', [byUser, 'close'], 'me:secret@'],
  ])('fails with "%s" and leaves no socket open', async (why, script, user) => {
    const { tunnel, left } = await scripted(script, { user })
    const error = await failureOf(tunnel)
    expect(error).toMatchObject({ code: 'connection-lost', phase: 'before-network' })
    expect(error.message).toMatch(
      /^the proxy socks5:\/\/127\.0\.0\.1:\d+ opens no way to broker\.example:1883: /,
    )
    expect(error.message.endsWith(`: ${why}`)).toBe(true)
    await left
  })

  it.each<[string, Script]>([
    ['the greeting', ['silence']],
    ['the user', [byUser, 'silence']],
    ['the request', [byUser, accepted, 'silence']],
  ])('closes its socket when destroyed while %s is not answered', async (_, script) => {
    const { tunnel, left, reached } = await scripted(script, { user: 'me:secret@' })
    await reached(script.length)
    tunnel.destroy()
    await left
  })
})
