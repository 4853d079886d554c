import { setImmediate as untilNextTurn, setTimeout as wait } from 'node:timers/promises'
import type { Ability, ContractLinkOptions, ContractSetting, ContractWorld } from '@antiphon/conformance'
import { linkOver, type Transport } from '@antiphon/core/link'
import { AntiphonError, type Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { connect as connectWeb, type WebSocketConstructor } from '@antiphon/mqtt/web'
import { catchError, filter, firstValueFrom, throwError } from 'rxjs'
import { WebSocket } from 'ws'
import { startBroker } from './broker-control.js'

/** How a link connects to the embedded broker. */
export type LinkKind = 'in process' | 'over TCP' | 'over a WebSocket without MQTT.js'

// Only for promises that never settle: the machine may be busy.
const eventuallyTimeout = 60_000
const linkOptions = { reconnect: { initial: 10, maximum: 100, jitter: 0 } }

/** Returns a contract setting with a new embedded broker for each case. */
export function embeddedSetting(linkKind: LinkKind, protocolVersion: 4 | 5): ContractSetting {
  const onlyVersion5 = protocolVersion === 5 ? true : 'not part of MQTT 3.1.1'
  const abilities: Readonly<Record<Ability, true | string>> = {
    cut: true,
    'lose-session': true,
    restart: true,
    'refuse-subscribe': true,
    'refuse-publish': onlyVersion5,
    'send-malformed': 'the broker sends no malformed packets',
    'count-packets': true,
    leftovers: true,
    'receive-maximum': onlyVersion5,
    'no-subscribers': onlyVersion5,
    properties: onlyVersion5,
    shared: true,
    overlap: true,
    identifiers: onlyVersion5,
  }
  return { makeWorld: () => makeWorld(linkKind, protocolVersion), abilities }
}

async function makeWorld(linkKind: LinkKind, protocolVersion: 4 | 5): Promise<ContractWorld> {
  const control = await startBroker(linkKind === 'over a WebSocket without MQTT.js' ? 'ws' : 'tcp')
  const clientIds = new Map<Link, string>()
  const link = ({ persistentSession = false, maxQueuedMessages }: ContractLinkOptions = {}): Link => {
    const clientId = `link-${clientIds.size}`
    const queue = maxQueuedMessages === undefined ? {} : { queue: { messages: maxQueuedMessages } }
    const sessionOptions = persistentSession ? { sessionExpiryInterval: 3_600 } : {}
    const client = { clientId, protocolVersion, clean: !persistentSession }
    const newLink =
      linkKind === 'in process'
        ? linkOver(
            reconnecting(
              () => control.broker().transport({ ...client, ...sessionOptions }),
              control.isRestarting,
            ),
            { ...linkOptions, ...queue },
          )
        : connectOver(linkKind)(control.url(), {
            ...client,
            ...(persistentSession && protocolVersion === 5 && { properties: sessionOptions }),
            ...linkOptions,
            ...queue,
          })
    clientIds.set(newLink, clientId)
    return newLink
  }
  const clientIdOf = (target: Link): string => clientIds.get(target) ?? '(unknown link)'
  const peer = link()
  await untilOnline(peer)

  return {
    link,
    peer,
    eventually: (promise) => Promise.race([promise, failAfterTimeout()]),
    settle: async () => {
      for (let round = 0; round < 3; round++) {
        for (const knownLink of clientIds.keys()) await roundTrip(knownLink)
        await untilNextTurn()
      }
    },
    cut: async (target) => {
      control.cut(clientIdOf(target))
      await firstValueFrom(target.state$.pipe(filter(({ status }) => status !== 'online')))
    },
    restore: (target) => resolved(control.restore(clientIdOf(target))),
    loseSession: (target) => resolved(control.loseSession(clientIdOf(target))),
    restart: control.restart,
    setReceiveMaximum: control.setReceiveMaximum,
    refuseSubscribe: (topicFilter, reasonCode) => resolved(control.refuseSubscribe(topicFilter, reasonCode)),
    refusePublish: (topic, reasonCode) => resolved(control.refusePublish(topic, reasonCode)),
    packets: (topicFilter) => Promise.resolve(control.packets(topicFilter)),
    leftovers: (target) => control.leftovers(clientIdOf(target)),
    dispose: async () => {
      await Promise.all([...clientIds.keys()].map((knownLink) => knownLink.close()))
      await control.close()
    },
  }
}

/** The WebSocket of Node, which Node 20 does not have. */
const platformWebSocket: WebSocketConstructor =
  (globalThis as { readonly WebSocket?: WebSocketConstructor }).WebSocket ?? WebSocket

/** Returns the function that connects over sockets. */
function connectOver(linkKind: LinkKind): typeof connectWeb {
  return linkKind === 'over TCP'
    ? connect
    : (url, options) => connectWeb(url, { webSocket: platformWebSocket, ...options })
}

/**
 * Returns a transport that makes a new transport for each connection, so that it reaches a restarted broker. A broker that
 * is closed does not end the link while it restarts.
 */
function reconnecting(make: () => Transport, isRestarting: () => boolean): Transport {
  let transport = make()
  return {
    connect$: (attempt) => {
      transport = make()
      return transport.connect$(attempt).pipe(
        catchError((error: unknown) => {
          const text = 'the broker restarts'
          return throwError(() => (isRestarting() ? new AntiphonError('connection-lost', text) : error))
        }),
      )
    },
    subscribe$: (requests, identifier) => transport.subscribe$(requests, identifier),
    unsubscribe$: (filters) => transport.unsubscribe$(filters),
    publish$: (message) => transport.publish$(message),
    disconnect$: () => transport.disconnect$(),
  }
}

async function untilOnline(link: Link): Promise<void> {
  await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
}

/** Resolves when the broker has processed what the link sent before, and the link what the broker sent before. */
async function roundTrip(link: Link): Promise<void> {
  const state = await firstValueFrom(link.state$)
  if (state.status !== 'online') return
  await firstValueFrom(link.publish$({ topic: 'settle', payload: new Uint8Array() })).catch(() => undefined)
}

async function failAfterTimeout(): Promise<never> {
  await wait(eventuallyTimeout, undefined, { ref: false })
  throw new Error(`the expected promise did not resolve within ${eventuallyTimeout} ms`)
}

function resolved(_: unknown): Promise<void> {
  return Promise.resolve()
}
