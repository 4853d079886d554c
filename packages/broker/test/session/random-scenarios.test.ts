import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../storage/memory-storage.js'
import { makeWorld } from '../world.js'
import type { AnyPacket, Client, World } from '../world.js'

const runs = Math.min(Number(process.env['ANTIPHON_FC_RUNS'] ?? 150), 2_000)
const receiveMaximum = 2

const persistent = { clean: false, properties: { sessionExpiryInterval: 1_000 } }

/** A step of a scenario. */
type Step =
  | { readonly kind: 'publish'; readonly qos: 1 | 2 }
  /** The client reads and acknowledges some of the packets. */
  | { readonly kind: 'read'; readonly acknowledgements: number }
  | { readonly kind: 'cut' }
  | { readonly kind: 'connect' }
  /** The broker crashes, perhaps during a commit, and restarts from what was committed. */
  | { readonly kind: 'crash' }

const publishing = fc.constantFrom<Step>({ kind: 'publish', qos: 1 }, { kind: 'publish', qos: 2 })
const reading = fc.nat({ max: 4 }).map((acknowledgements): Step => ({ kind: 'read', acknowledgements }))
const connecting = fc.constantFrom<Step>({ kind: 'cut' }, { kind: 'connect' }, { kind: 'connect' })
const step = fc.oneof(
  { arbitrary: publishing, weight: 6 },
  { arbitrary: reading, weight: 5 },
  { arbitrary: connecting, weight: 2 },
)
const crash = fc.constant<Step>({ kind: 'crash' })

/** A client that keeps its session state over all connections and over restarts of the broker. */
class Receiver {
  readonly atQos2: string[] = []
  readonly atQos1: string[] = []
  readonly #unreleasedIds = new Set<number>()
  #unacknowledged: AnyPacket[] = []
  #client: Client | undefined

  connect(world: World): void {
    this.#unacknowledged = []
    this.#client = world.join('receiver', {
      clean: false,
      properties: { ...persistent.properties, receiveMaximum },
    })
  }

  subscribe(): void {
    this.#client?.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 2 }] })
  }

  get isConnected(): boolean {
    return this.#client !== undefined
  }

  cut(): void {
    this.#client?.cut()
    this.#client = undefined
  }

  /** Reads packets, acknowledges at most `count` of all unacknowledged ones, and returns the sum of both. */
  read(count: number): number {
    if (this.#client === undefined) return 0
    const received = this.#client.take().filter(({ cmd }) => cmd === 'publish' || cmd === 'pubrel')
    this.#unacknowledged.push(...received)
    expect(this.#unacknowledged.length).toBeLessThanOrEqual(receiveMaximum)
    for (const packet of received) if (packet.cmd === 'publish') this.#record(packet)
    const acknowledged = this.#unacknowledged.splice(0, count)
    for (const packet of acknowledged) this.#acknowledge(this.#client, packet)
    return received.length + acknowledged.length
  }

  #record({ qos, messageId = 0, payload }: AnyPacket): void {
    const text = String(payload)
    if (qos === 1) {
      if (!this.atQos1.includes(text)) this.atQos1.push(text)
    } else if (!this.#unreleasedIds.has(messageId)) {
      this.#unreleasedIds.add(messageId)
      this.atQos2.push(text)
    }
  }

  #acknowledge(client: Client, { cmd, qos, messageId = 0 }: AnyPacket): void {
    if (cmd === 'pubrel') {
      this.#unreleasedIds.delete(messageId)
      client.send({ cmd: 'pubcomp', messageId })
    } else {
      client.send({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId })
    }
  }
}

/** Runs the steps, then expects that the receiver has every acknowledged message in order. */
async function runSteps(steps: readonly Step[], isStored: boolean): Promise<void> {
  let storage = memoryStorage()
  const start = async (): Promise<World> => {
    const started = makeWorld(isStored ? { storage } : {})
    await started.engine.ready
    return started
  }
  let world = await start()
  const receiver = new Receiver()
  receiver.connect(world)
  receiver.subscribe()
  await world.settle()
  let from = world.join('from', persistent)
  const acknowledged = { 1: [] as string[], 2: [] as string[] }
  const unacknowledged = new Map<number, { readonly text: string; readonly qos: 1 | 2 }>()
  let count = 0

  const readAcknowledgements = (): void => {
    for (const { cmd, messageId = 0 } of from.take()) {
      const sent = unacknowledged.get(messageId)
      if (sent === undefined || (cmd !== 'puback' && cmd !== 'pubrec')) continue
      unacknowledged.delete(messageId)
      acknowledged[sent.qos].push(sent.text)
      if (cmd === 'pubrec') from.send({ cmd: 'pubrel', messageId })
    }
  }
  for (const nextStep of steps) {
    if (nextStep.kind === 'publish') {
      const messageId = ++count
      unacknowledged.set(messageId, { text: `${messageId}`, qos: nextStep.qos })
      from.send({ cmd: 'publish', topic: 't', payload: `${messageId}`, qos: nextStep.qos, messageId })
    } else if (nextStep.kind === 'read') {
      await world.settle()
      receiver.read(nextStep.acknowledgements)
    } else if (nextStep.kind === 'cut') {
      receiver.cut()
    } else if (nextStep.kind === 'connect') {
      if (!receiver.isConnected) receiver.connect(world)
    } else {
      readAcknowledgements()
      receiver.read(0)
      storage = memoryStorage(storage)
      world = await start()
      receiver.connect(world)
      from = world.join('from', persistent)
      for (const [messageId, { text, qos }] of unacknowledged) {
        from.send({ cmd: 'publish', topic: 't', payload: text, qos, messageId, dup: true })
      }
    }
    readAcknowledgements()
  }
  if (!receiver.isConnected) receiver.connect(world)
  let isBusy = true
  while (isBusy) {
    await world.settle()
    readAcknowledgements()
    isBusy = receiver.read(10) > 0
  }
  for (const [qos, arrived] of [
    [1, receiver.atQos1],
    [2, receiver.atQos2],
  ] as const) {
    expect(arrived.filter((text) => acknowledged[qos].includes(text))).toEqual(acknowledged[qos])
    expect(new Set(arrived).size).toBe(arrived.length)
    expect(arrived.map(Number)).toEqual(arrived.map(Number).sort((left, right) => left - right))
  }
  expect(world.engine.sessions.get('receiver')?.outbound).toMatchObject({
    inFlightCount: 0,
    queuedCount: 0,
    heldBytes: 0,
  })
}

describe('a session over random steps', () => {
  it('receives every acknowledged message in order, QoS 2 once, within its Receive Maximum', async () => {
    const steps = fc.array(step, { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(steps, (chosen) => runSteps(chosen, false)),
      { numRuns: runs },
    )
  })

  it('receives every acknowledged message in order, QoS 2 once, over crashes of a broker with storage', async () => {
    const steps = fc.array(fc.oneof({ arbitrary: step, weight: 10 }, { arbitrary: crash, weight: 1 }), {
      maxLength: 40,
    })
    await fc.assert(
      fc.asyncProperty(steps, (chosen) => runSteps(chosen, true)),
      { numRuns: runs },
    )
  })
})
