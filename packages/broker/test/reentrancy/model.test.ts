import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeWorld } from '../world.js'
import type { AnyPacket, Client, World } from '../world.js'
import { names, scenario } from './acts.js'
import type { Act, Name, Publishing, Scenario } from './acts.js'
import { Model } from './model.js'
import type { Sent } from './model.js'
import { bytes, inProcess, lasting } from './scene.js'
import type { InProcess } from './scene.js'

const runs = Math.min(Number(process.env['ANTIPHON_FC_RUNS'] ?? 300), 2_000)

/** How each client but `inside` connects, and at which QoS it subscribes. */
const sockets = {
  healthy: { connect: {}, qos: 0 },
  small: { connect: { properties: { maximumPacketSize: 60 } }, qos: 1 },
  stuck: { connect: {}, qos: 0 },
  away: { connect: lasting, qos: 1 },
} as const satisfies Partial<Record<Name, { readonly connect: AnyPacket; readonly qos: 0 | 1 }>>

/** Plays a scenario against the broker and the model at once. */
class Play {
  readonly model: Model
  readonly world: World
  readonly #sockets = new Map<Name, Client>()
  readonly #inside: InProcess
  readonly #other: InProcess

  constructor({ policy, filters, observers, hooked }: Scenario) {
    this.model = new Model(filters)
    const queued = [...hooked]
    const authorizePublish = (): 'allow' => {
      const next = queued.shift()
      if (next !== undefined) this.#publish(next)
      return 'allow'
    }
    this.world = makeWorld({
      queuePolicy: policy,
      limits: { queueMessages: 3, unreadBytes: 20 },
      ...(hooked.length > 0 && { authority: { authorizePublish } }),
    })
    const { broker } = this.world
    for (const [name, { connect, qos }] of Object.entries(sockets) as [keyof typeof sockets, AnyPacket][]) {
      const client = this.world.join(name, connect as AnyPacket)
      this.#sockets.set(name, client)
      const subscriptions = filters[name].map((filter) => ({ topic: filter, qos }))
      if (subscriptions.length > 0) client.send({ cmd: 'subscribe', messageId: 1, subscriptions })
      client.take()
    }
    this.#of('away').cut()
    this.#of('stuck').channel.isStuck = true
    this.#inside = inProcess(this.world, 'inside')
    this.#other = inProcess(this.world, 'other')
    for (const filter of filters.inside) this.#inside.subscribe(filter)
    this.world.advance()
    for (const { type, acts } of observers) {
      const left = [...acts]
      broker.events$.subscribe((event) => {
        const next = event.type === type ? left.shift() : undefined
        if (next !== undefined) this.act(next)
      })
    }
  }

  act(act: Act): void {
    if (act.do === 'publish') return this.#publish(act)
    if (act.do === 'subscribe') this.model.filters.inside.add(act.filter)
    else this.model.filters.inside.delete(act.filter)
    this.#inside[act.do](act.filter)
  }

  /** What a client got; `away` comes back for it. */
  got(name: Name): string[] {
    if (name === 'inside') return this.#inside.heard.slice(1).map((heard) => textOf(heard))
    const client = name === 'away' ? this.world.join(name, lasting) : this.#of(name)
    return client
      .take()
      .filter(({ cmd }) => cmd === 'publish')
      .map(({ payload }) => textOf(String(payload)))
  }

  #of(name: Name): Client {
    return this.#sockets.get(name) as Client
  }

  #publish(message: Publishing): void {
    const { by, topic, qos, isLarge } = message
    const text = `${this.model.publish(message)}|${isLarge ? 'x'.repeat(100) : ''}`
    if (by === 'broker') this.world.broker.publish$({ topic, payload: bytes(text), qos }).subscribe()
    else (by === 'inside' ? this.#inside : this.#other).publish(topic, text, qos)
  }
}

/** `inside` tells the topic as well. */
function textOf(heard: string): string {
  return (heard.split(': ').at(-1) as string).split('|')[0] as string
}

/** The topics of messages, sorted. */
function topics(messages: readonly { readonly topic: string }[]): string[] {
  return messages.map(({ topic }) => topic).sort()
}

function check(play: Play, name: Name): void {
  const due = play.model.due[name]
  const got = play.got(name)
  const messages = got.map((text) => due.find((sent) => sent.text === text))
  // Nothing it is not subscribed to, nothing twice, and what one publisher sent in its order.
  expect(messages).not.toContain(undefined)
  expect(new Set(got).size).toBe(got.length)
  for (const by of ['broker', 'inside', 'other'] as const) {
    const inOrder = due.filter((sent) => sent.by === by && got.includes(sent.text))
    expect((messages as Sent[]).filter((sent) => sent.by === by)).toEqual(inOrder)
  }
  // What it did not get was reported, message by message.
  const lost = play.world.events.flatMap((event) =>
    event.type === 'dropped' && event.clientId === name ? [event] : [],
  )
  expect(topics(lost)).toEqual(topics(due.filter(({ text }) => !got.includes(text))))
  if (name === 'healthy') expect(lost).toEqual([])
}

describe('routing', () => {
  it('gives every subscriber its messages, in order, whatever observers and hooks publish meanwhile', () => {
    fc.assert(
      fc.property(scenario, (chosen) => {
        const play = new Play(chosen)
        const seenLast: string[] = []
        const from = play.world.events.length
        play.world.broker.events$.subscribe(({ type }) => seenLast.push(type))
        for (const act of chosen.acts) {
          play.act(act)
          play.world.advance()
        }
        const seenFirst = play.world.events.slice(from).map(({ type }) => type)
        expect(seenLast).toEqual(seenFirst)
        for (const name of names) check(play, name)
      }),
      { numRuns: runs },
    )
  })
})
