import type { AntiphonError, Link, LinkState } from '@antiphon/core'
import { connect, type ConnectOptions } from '@antiphon/mqtt'
import { filter, firstValueFrom } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { toAddress } from '../src/address.js'
import { ServerAddresses } from '../src/server-addresses.js'
import {
  connack,
  startVersionedBroker,
  type ConnectAnswer,
  type VersionedBroker,
} from './versioned-broker.js'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const USE_ANOTHER = 0x9c
const MOVED = 0x9d

/** The properties of a packet with a Server Reference. */
function referenceBytes(reference: string): readonly number[] {
  const text = [...new TextEncoder().encode(reference)]
  return [text.length + 3, 0x1c, 0, text.length, ...text]
}

/** A CONNACK that refuses the client and names a server. */
function refusal(reasonCode: number, reference: string): readonly number[] {
  const properties = referenceBytes(reference)
  return [0x20, properties.length + 2, 0, reasonCode, ...properties]
}

/** A CONNACK that accepts the client, followed by a DISCONNECT that names a server. */
function acceptedAndEnded(reasonCode: number, reference: string): readonly number[] {
  const properties = referenceBytes(reference)
  return [...connack.accept5, 0xe0, properties.length + 1, reasonCode, ...properties]
}

async function start(answer: () => ConnectAnswer): Promise<VersionedBroker> {
  const broker = await startVersionedBroker(answer)
  stops.push(broker.stop)
  return broker
}

const serverOf = ({ port }: VersionedBroker): string => `127.0.0.1:${port}`

function open(
  first: VersionedBroker,
  allowed: readonly VersionedBroker[],
  options: ConnectOptions = {},
): Link {
  const link = connect(first.url, {
    serverRedirection: { allow: allowed.map(serverOf) },
    reconnect: { initial: 1, maximum: 1 },
    ...options,
  })
  stops.push(() => link.close())
  return link
}

const stateOf = <S extends LinkState['status']>(
  link: Link,
  status: S,
): Promise<Extract<LinkState, { status: S }>> =>
  firstValueFrom(
    link.state$.pipe(filter((state): state is Extract<LinkState, { status: S }> => state.status === status)),
  )

const redirectedTo = async (link: Link): Promise<string | undefined> =>
  (await stateOf(link, 'online')).info.redirectedTo

describe('serverRedirection', () => {
  it('connects to the server that a CONNACK names, for this connection only with 0x9C', async () => {
    const second = await start(() => connack.accept5)
    const first = await start(() => refusal(USE_ANOTHER, serverOf(second)))
    const link = open(first, [second])
    expect(await redirectedTo(link)).toBe(second.url)
    second.cut()
    await stateOf(link, 'offline')
    expect(await redirectedTo(link)).toBe(second.url)
    expect([first.versions.length, second.versions.length]).toEqual([2, 2])
  })

  it('begins with the new server after 0x9D', async () => {
    const second = await start(() => connack.accept5)
    const first = await start(() => refusal(MOVED, serverOf(second)))
    const link = open(first, [second])
    expect(await redirectedTo(link)).toBe(second.url)
    second.cut()
    await stateOf(link, 'offline')
    expect(await redirectedTo(link)).toBe(second.url)
    expect([first.versions.length, second.versions.length]).toEqual([1, 2])
  })

  it('connects to the servers of the URL again if the server that 0x9D named is gone', async () => {
    let isMoved = true
    const second = await start(() => connack.accept5)
    const first = await start(() => (isMoved ? refusal(MOVED, serverOf(second)) : connack.accept5))
    const link = open(first, [second])
    await redirectedTo(link)
    isMoved = false
    second.stop()
    await stateOf(link, 'offline')
    expect(await redirectedTo(link)).toBeUndefined()
  })

  it('connects next to the server that a DISCONNECT names', async () => {
    const second = await start(() => connack.accept5)
    const first = await start(() => acceptedAndEnded(USE_ANOTHER, serverOf(second)))
    const link = open(first, [second])
    const { error } = await stateOf(link, 'offline')
    expect(error).toMatchObject({ code: 'connection-lost', reasonCode: USE_ANOTHER })
    const { info } = await firstValueFrom(
      link.state$.pipe(
        filter((state) => state.status === 'online'),
        filter((state) => state.info.redirectedTo !== undefined),
      ),
    )
    expect([info.redirectedTo, first.versions.length]).toEqual([second.url, 1])
  })

  it('follows the first allowed server of several', async () => {
    const second = await start(() => connack.accept5)
    const reference = `broker.example mqtt://other.example [::1]:1 ${serverOf(second)}`
    const first = await start(() => refusal(USE_ANOTHER, reference))
    expect(await redirectedTo(open(first, [second]))).toBe(second.url)
  })

  /** Returns the error of the first state that is offline or closed. */
  const failureOf = async (link: Link): Promise<AntiphonError | undefined> => {
    const ended = await firstValueFrom(
      link.state$.pipe(filter(({ status }) => status === 'offline' || status === 'closed')),
    )
    return 'error' in ended ? ended.error : undefined
  }

  it('follows no server by default, and none that is not allowed', async () => {
    const second = await start(() => connack.accept5)
    const first = await start(() => refusal(USE_ANOTHER, serverOf(second)))
    const byDefault = connect(first.url, { reconnect: { initial: 60_000, maximum: 60_000 } })
    stops.push(() => byDefault.close())
    const other = open(first, [], { serverRedirection: { allow: ['127.0.0.1'] } })
    const messages = [await failureOf(byDefault), await failureOf(other)].map((error) => error?.rawMessage)
    const refused = `${first.url} refused the connection: use another server (0x9c): use the server the broker names: ${serverOf(second)}`
    expect(messages).toEqual([
      refused,
      `${refused}. It is not followed: serverRedirection.allow names none of these servers with this port`,
    ])
    expect(second.versions).toEqual([])
  })

  it('detects servers that redirect to each other', async () => {
    const brokers: VersionedBroker[] = []
    const first = await start(() => refusal(USE_ANOTHER, serverOf(brokers[0] as VersionedBroker)))
    const second = await start(() => refusal(USE_ANOTHER, serverOf(first)))
    brokers.push(second)
    const error = await failureOf(open(first, [first, second]))
    expect(error?.rawMessage).toMatch(/It is not followed: the servers redirect to each other in a loop$/)
  })

  it('follows at most maxHops servers, and then ends the link that was moved', async () => {
    const third = await start(() => connack.accept5)
    const second = await start(() => refusal(MOVED, serverOf(third)))
    const first = await start(() => refusal(MOVED, serverOf(second)))
    const allow = [second, third].map(serverOf)
    const error = await failureOf(open(first, [], { serverRedirection: { allow, maxHops: 1 } }))
    expect(error).toMatchObject({ code: 'connection-refused', reasonCode: MOVED })
    expect(error?.rawMessage).toMatch(/It is not followed: serverRedirection\.maxHops is 1$/)
    expect(third.versions).toEqual([])
  })

  it('rejects lists that are no list of servers, and MQTT 3.1.1', () => {
    const fault = (serverRedirection: unknown, options: ConnectOptions = {}): string => {
      try {
        connect('mqtt://localhost', { ...options, serverRedirection: serverRedirection as never })
        return 'accepted'
      } catch (error) {
        return (error as Error).message
      }
    }
    const rule =
      '[invalid-argument] options.serverRedirection.allow: it must be a list of host, host:port or *.domain'
    expect([
      fault({ allow: ['*.broker.example', 'node-1:8883', '[::1]:1883'] }),
      ...[[], 'node-1', ['*'], ['a.*.b'], ['mqtt://node-1'], ['a b'], [1]].map((allow) => fault({ allow })),
      fault({}),
      fault({ allow: ['a'], maxHops: 0 }),
      fault({ allow: ['a'] }, { protocolVersion: 4 }),
    ]).toEqual([
      'accepted',
      ...Array.from({ length: 7 }, () => rule),
      '[invalid-argument] options.serverRedirection: it needs allow',
      '[invalid-argument] options.serverRedirection.maxHops is 0: it must be a whole number from 1',
      expect.stringMatching(/it needs MQTT 5, and protocolVersion is 4; leave one of them out$/),
    ])
  })
})

describe('ServerAddresses', () => {
  const from = toAddress('wss://user:secret@broker.example/mqtt')
  /** Returns the address that a reference leads to, if `allow` has one entry. */
  const follow = (allow: string, reference: string): string | undefined =>
    new ServerAddresses([from], { allow: [allow] }).follow([from], USE_ANOTHER, reference)?.address?.text

  it('keeps the protocol, the path and the user of the URL', () => {
    const { address } =
      new ServerAddresses([from], { allow: ['node-1'] }).follow([from], MOVED, 'node-1') ?? {}
    expect(address).toMatchObject({ text: 'wss://node-1:443/mqtt', username: 'user', password: 'secret' })
  })

  it('allows the port of the URL, or the port of the entry', () => {
    expect([
      follow('node-1', 'node-1:8443'),
      follow('node-1:8443', 'node-1:8443'),
      follow('node-1:8443', 'node-1'),
      follow('node-1', 'NODE-1:443'),
    ]).toEqual([undefined, 'wss://node-1:8443/mqtt', undefined, 'wss://node-1:443/mqtt'])
  })

  it('allows the names below a domain, but not the domain and not names that end alike', () => {
    expect([
      follow('*.broker.example', 'node.broker.example'),
      follow('*.broker.example', 'broker.example'),
      follow('*.broker.example', 'evilbroker.example'),
      follow('*.broker.example', 'broker.example.evil'),
    ]).toEqual(['wss://node.broker.example:443/mqtt', undefined, undefined, undefined])
  })

  it('reads IPv6 addresses, and ignores what is no server', () => {
    expect([
      follow('[::1]:8443', '[::1]:8443'),
      follow('[::1]', '::1'),
      follow('node-1', 'node-1:0x1bb'),
      follow('node-1:99999', 'node-1:99999'),
      follow('node-1', ''),
      follow('user@node-1', 'user@node-1'),
    ]).toEqual(['wss://[::1]:8443/mqtt', ...Array.from({ length: 5 }, () => undefined)])
  })

  it('follows no reference of another reason code', () => {
    const addresses = new ServerAddresses([from], { allow: ['node-1'] })
    expect(addresses.follow([from], 0x88, 'node-1')).toBeUndefined()
    expect(addresses.follow([from], USE_ANOTHER, undefined)).toBeUndefined()
  })
})
