import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeWorld } from '../world.js'
import type { AnyPacket, Client, World } from '../world.js'
import { clientNames, scenario } from './scenario.js'
import type { Action, ClientName, PublishAction, Scenario } from './scenario.js'
import { RoutingModel } from './model.js'
import type { PublishedMessage } from './model.js'
import { bytes, connectInProcess, persistent } from './clients.js'
import type { InProcessClient } from './clients.js'

const runs = Math.min(Number(process.env['ANTIPHON_FC_RUNS'] ?? 300), 2_000)

/** The CONNECT fields and subscription QoS of each client but `inside`. */
const sockets = {
  healthy: { connect: {}, qos: 0 },
  small: { connect: { properties: { maximumPacketSize: 60 } }, qos: 1 },
  blocked: { connect: {}, qos: 0 },
  offline: { connect: persistent, qos: 1 },
} as const satisfies Partial<Record<ClientName, { readonly connect: AnyPacket; readonly qos: 0 | 1 }>>

/** Runs a scenario on the broker and on the model. */
class ScenarioRun {
  readonly model: RoutingModel
  readonly world: World
  readonly #sockets = new Map<ClientName, Client>()
  readonly #inside: InProcessClient
  readonly #other: InProcessClient

  constructor({ policy, filters, observers, hookPublishes }: Scenario) {
    this.model = new RoutingModel(filters)
    const remaining = [...hookPublishes]
    const authorizePublish = (): 'allow' => {
      const next = remaining.shift()
      if (next !== undefined) this.#publish(next)
      return 'allow'
    }
    this.world = makeWorld({
      queuePolicy: policy,
      limits: { queueMessages: 3, unreadBytes: 20 },
      ...(hookPublishes.length > 0 && { authority: { authorizePublish } }),
    })
    const { broker } = this.world
    for (const [name, { connect, qos }] of Object.entries(sockets) as [keyof typeof sockets, AnyPacket][]) {
      const client = this.world.join(name, connect as AnyPacket)
      this.#sockets.set(name, client)
      const subscriptions = filters[name].map((filter) => ({ topic: filter, qos }))
      if (subscriptions.length > 0) client.send({ cmd: 'subscribe', messageId: 1, subscriptions })
      client.take()
    }
    this.#clientOf('offline').cut()
    this.#clientOf('blocked').channel.isBlocked = true
    this.#inside = connectInProcess(this.world, 'inside')
    this.#other = connectInProcess(this.world, 'other')
    for (const filter of filters.inside) this.#inside.subscribe(filter)
    this.world.advance()
    for (const { type, actions } of observers) {
      const remainingActions = [...actions]
      broker.events$.subscribe((event) => {
        const next = event.type === type ? remainingActions.shift() : undefined
        if (next !== undefined) this.act(next)
      })
    }
  }

  act(action: Action): void {
    if (action.kind === 'publish') return this.#publish(action)
    if (action.kind === 'subscribe') this.model.filters.inside.add(action.filter)
    else this.model.filters.inside.delete(action.filter)
    this.#inside[action.kind](action.filter)
  }

  /** Returns the messages that a client received; reconnects `offline` first. */
  receivedBy(name: ClientName): string[] {
    if (name === 'inside') return this.#inside.received.slice(1).map((entry) => textOf(entry))
    const client = name === 'offline' ? this.world.join(name, persistent) : this.#clientOf(name)
    return client
      .take()
      .filter(({ cmd }) => cmd === 'publish')
      .map(({ payload }) => textOf(String(payload)))
  }

  #clientOf(name: ClientName): Client {
    return this.#sockets.get(name) as Client
  }

  #publish(message: PublishAction): void {
    const { by, topic, qos, isLarge } = message
    const text = `${this.model.publish(message)}|${isLarge ? 'x'.repeat(100) : ''}`
    if (by === 'broker') this.world.broker.publish$({ topic, payload: bytes(text), qos }).subscribe()
    else (by === 'inside' ? this.#inside : this.#other).publish(topic, text, qos)
  }
}

/** Returns the unique text of a received message; entries of `inside` start with the topic. */
function textOf(entry: string): string {
  return (entry.split(': ').at(-1) as string).split('|')[0] as string
}

/** Returns the sorted topics of messages. */
function topics(messages: readonly { readonly topic: string }[]): string[] {
  return messages.map(({ topic }) => topic).sort()
}

function checkClient(run: ScenarioRun, name: ClientName): void {
  const expected = run.model.expected[name]
  const received = run.receivedBy(name)
  const messages = received.map((text) => expected.find((message) => message.text === text))
  // The client received only messages it was subscribed to, none twice, and those of one publisher in order.
  expect(messages).not.toContain(undefined)
  expect(new Set(received).size).toBe(received.length)
  for (const by of ['broker', 'inside', 'other'] as const) {
    const inOrder = expected.filter((message) => message.by === by && received.includes(message.text))
    expect((messages as PublishedMessage[]).filter((message) => message.by === by)).toEqual(inOrder)
  }
  // The broker emitted a `dropped` event for each message that the client did not receive.
  const lost = run.world.events.flatMap((event) =>
    event.type === 'dropped' && event.clientId === name ? [event] : [],
  )
  expect(topics(lost)).toEqual(topics(expected.filter(({ text }) => !received.includes(text))))
  if (name === 'healthy') expect(lost).toEqual([])
}

describe('routing', () => {
  it('routes messages to every subscriber in order while observers and hooks publish and subscribe', () => {
    fc.assert(
      fc.property(scenario, (randomScenario) => {
        const run = new ScenarioRun(randomScenario)
        const eventsOfLastObserver: string[] = []
        const from = run.world.events.length
        run.world.broker.events$.subscribe(({ type }) => eventsOfLastObserver.push(type))
        for (const action of randomScenario.actions) {
          run.act(action)
          run.world.advance()
        }
        const eventsOfFirstObserver = run.world.events.slice(from).map(({ type }) => type)
        expect(eventsOfLastObserver).toEqual(eventsOfFirstObserver)
        for (const name of clientNames) checkClient(run, name)
      }),
      { numRuns: runs },
    )
  })
})
