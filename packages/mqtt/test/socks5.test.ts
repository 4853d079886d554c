import type { AntiphonError } from '@antiphon/core'
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
  readonly clientClosed: Promise<unknown>
  readonly reached: (steps: number) => Promise<void>
}

const servers = new Set<Server>()
afterEach(() => {
  for (const server of servers) server.close()
  servers.clear()
})

/** Starts a proxy that plays one step of a script per received chunk, and opens a tunnel through it. */
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
  const clientClosed = connected.then(([client]) => {
    client.on('error', () => undefined)
    const closed = new Promise((resolve) => client.once('close', resolve))
    // A client that resets its connection makes `play` reject.
    play(client).catch(() => undefined)
    return closed
  })
  const { port } = server.address() as AddressInfo
  const tunnel = throughProxy(`socks5://${user}127.0.0.1:${port}`)({ host, port: 1883 }) as Duplex
  const reached = async (steps: number): Promise<void> => {
    while (received.length < steps) await once(server, 'step')
  }
  return { tunnel, received, clientClosed, reached }
}

async function failureOf(tunnel: Duplex): Promise<AntiphonError> {
  const [error] = (await once(tunnel.resume(), 'error').catch((thrown: unknown) => [thrown])) as [
    AntiphonError,
  ]
  return error
}

describe('a tunnel by SOCKS 5', () => {
  it('opens a SOCKS 5 tunnel if every reply of the proxy arrives byte by byte', async () => {
    const opening = await scripted([byUser, accepted, Buffer.concat([replyOf(0), Buffer.from('hello')])], {
      user: 'me:secret@',
      isSplit: true,
    })
    const { tunnel, received, clientClosed } = opening
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
    await clientClosed
  })

  it('delivers bytes of the broker that arrive together with the SOCKS 5 reply', async () => {
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
  ])('skips %s in the SOCKS 5 reply', async (_, reply) => {
    const { tunnel } = await scripted([noUser, Buffer.concat([reply, Buffer.from('hello')])])
    const [chunk] = (await once(tunnel, 'data')) as [Buffer]
    expect(chunk.toString()).toBe('hello')
    tunnel.destroy()
  })

  it.each([
    ['broker.example', 'broker.example'],
    ['10.1.2.3', '10.1.2.3'],
    ['2001:db8::1', '2001:db8::1'],
  ])('sends %s to the SOCKS 5 proxy as a domain name', async (host, name) => {
    const { tunnel, received, reached } = await scripted([noUser, 'silence'], { host })
    await reached(2)
    expect(received[1]?.subarray(3, -2)).toEqual(Buffer.from([3, name.length, ...Buffer.from(name)]))
    tunnel.destroy()
  })

  it.each<[string, Script, string]>([
    ['general failure', [noUser, replyOf(1)], ''],
    ['connection not allowed by ruleset', [noUser, replyOf(2)], ''],
    ['network unreachable', [noUser, replyOf(3)], ''],
    ['host unreachable', [noUser, replyOf(4)], ''],
    ['connection refused', [noUser, replyOf(5)], ''],
    ['time to live expired', [noUser, replyOf(6)], ''],
    ['command not supported', [noUser, replyOf(7)], ''],
    ['address type not supported', [noUser, replyOf(8)], ''],
    ['reply 9', [noUser, replyOf(9)], ''],
    ['the proxy requires a user; put user:password into the URL of the proxy', [Uint8Array.of(5, 0xff)], ''],
    [
      'the proxy does not accept a user and password; remove them from the URL of the proxy',
      [noUser],
      'me:secret@',
    ],
    ['wrong user or password', [byUser, Uint8Array.of(1, 1)], 'me:secret@'],
    ['the proxy closed the connection', ['close'], ''],
    ['the proxy closed the connection', [noUser, 'close'], ''],
    ['the proxy closed the connection', [byUser, 'close'], 'me:secret@'],
  ])('fails a SOCKS 5 tunnel with "%s" and leaves no socket open', async (why, script, user) => {
    const { tunnel, clientClosed } = await scripted(script, { user })
    const error = await failureOf(tunnel)
    expect(error).toMatchObject({ code: 'connection-lost', phase: 'before-network' })
    expect(error.rawMessage).toMatch(
      /^the proxy socks5:\/\/127\.0\.0\.1:\d+ opened no tunnel to broker\.example:1883: /,
    )
    expect(error.rawMessage.endsWith(`: ${why}`)).toBe(true)
    await clientClosed
  })

  it('fails a SOCKS 5 tunnel to a host name of more than 255 bytes before it connects', async () => {
    const tunnel = throughProxy('socks5://127.0.0.1:1')({ host: 'a'.repeat(256), port: 1883 }) as Duplex
    expect((await failureOf(tunnel)).rawMessage).toContain('more than 255 bytes')
  })

  it.each<[string, Script]>([
    ['the greeting', ['silence']],
    ['the user', [byUser, 'silence']],
    ['the request', [byUser, accepted, 'silence']],
  ])(
    'closes the socket of a SOCKS 5 tunnel destroyed while the proxy has not answered %s',
    async (_, script) => {
      const { tunnel, clientClosed, reached } = await scripted(script, { user: 'me:secret@' })
      await reached(script.length)
      tunnel.destroy()
      await clientClosed
    },
  )
})
