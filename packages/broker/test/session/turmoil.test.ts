import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../storage/memory-storage.js'
import { makeWorld } from '../world.js'
import type { AnyPacket, Client, World } from '../world.js'

const runs = Math.min(Number(process.env['ANTIPHON_FC_RUNS'] ?? 150), 2_000)
const receiveMaximum = 2

const lasting = { clean: false, properties: { sessionExpiryInterval: 1_000 } }

/** What can happen. */
type Step =
  | { readonly do: 'publish'; readonly qos: 1 | 2 }
  /** The client reads, and answers some of what it reads. */
  | { readonly do: 'read'; readonly answers: number }
  | { readonly do: 'cut' }
  | { readonly do: 'come' }
  /** The broker dies, perhaps in the middle of a write, and starts again over what was written. */
  | { readonly do: 'crash' }

const publishing = fc.constantFrom<Step>({ do: 'publish', qos: 1 }, { do: 'publish', qos: 2 })
const reading = fc.nat({ max: 4 }).map((responses): Step => ({ do: 'read', answers: responses }))
const moving = fc.constantFrom<Step>({ do: 'cut' }, { do: 'come' }, { do: 'come' })
const step = fc.oneof(
  { arbitrary: publishing, weight: 6 },
  { arbitrary: reading, weight: 5 },
  { arbitrary: moving, weight: 2 },
)
const crash = fc.constant<Step>({ do: 'crash' })

/** A client that keeps its own side of the protocol over all its connections, and of its session over all brokers. */
class Receiver {
  readonly once: string[] = []
  readonly atLeastOnce: string[] = []
  readonly #inHand = new Set<number>()
  #unanswered: AnyPacket[] = []
  #client: Client | undefined

  come(world: World): void {
    this.#unanswered = []
    this.#client = world.join('receiver', {
      clean: false,
      properties: { ...lasting.properties, receiveMaximum },
    })
  }

  subscribe(): void {
    this.#client?.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 2 }] })
  }

  get isHere(): boolean {
    return this.#client !== undefined
  }

  cut(): void {
    this.#client?.cut()
    this.#client = undefined
  }

  /** Reads what came, and answers so many packets of all it has not answered. */
  read(responses: number): number {
    if (this.#client === undefined) return 0
    const got = this.#client.take().filter(({ cmd }) => cmd === 'publish' || cmd === 'pubrel')
    this.#unanswered.push(...got)
    expect(this.#unanswered.length).toBeLessThanOrEqual(receiveMaximum)
    for (const packet of got) if (packet.cmd === 'publish') this.#keep(packet)
    const answered = this.#unanswered.splice(0, responses)
    for (const packet of answered) this.#answer(this.#client, packet)
    return got.length + answered.length
  }

  #keep({ qos, messageId = 0, payload }: AnyPacket): void {
    const text = String(payload)
    if (qos === 1) {
      if (!this.atLeastOnce.includes(text)) this.atLeastOnce.push(text)
    } else if (!this.#inHand.has(messageId)) {
      this.#inHand.add(messageId)
      this.once.push(text)
    }
  }

  #answer(client: Client, { cmd, qos, messageId = 0 }: AnyPacket): void {
    if (cmd === 'pubrel') {
      this.#inHand.delete(messageId)
      client.send({ cmd: 'pubcomp', messageId })
    } else {
      client.send({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId })
    }
  }
}

/** Plays the steps, then looks whether all that was acknowledged has arrived as it should. */
async function play(steps: readonly Step[], isStored: boolean): Promise<void> {
  let storage = memoryStorage()
  const start = async (): Promise<World> => {
    const made = makeWorld(isStored ? { storage } : {})
    await made.engine.ready
    return made
  }
  let world = await start()
  const receiver = new Receiver()
  receiver.come(world)
  receiver.subscribe()
  await world.settle()
  let from = world.join('from', lasting)
  const acknowledged = { 1: [] as string[], 2: [] as string[] }
  const under = new Map<number, { readonly text: string; readonly qos: 1 | 2 }>()
  let count = 0

  const note = (): void => {
    for (const { cmd, messageId = 0 } of from.take()) {
      const sent = under.get(messageId)
      if (sent === undefined || (cmd !== 'puback' && cmd !== 'pubrec')) continue
      under.delete(messageId)
      acknowledged[sent.qos].push(sent.text)
      if (cmd === 'pubrec') from.send({ cmd: 'pubrel', messageId })
    }
  }
  for (const each of steps) {
    if (each.do === 'publish') {
      const messageId = ++count
      under.set(messageId, { text: `${messageId}`, qos: each.qos })
      from.send({ cmd: 'publish', topic: 't', payload: `${messageId}`, qos: each.qos, messageId })
    } else if (each.do === 'read') {
      await world.settle()
      receiver.read(each.answers)
    } else if (each.do === 'cut') {
      receiver.cut()
    } else if (each.do === 'come') {
      if (!receiver.isHere) receiver.come(world)
    } else {
      note()
      receiver.read(0)
      storage = memoryStorage(storage)
      world = await start()
      receiver.come(world)
      from = world.join('from', lasting)
      for (const [messageId, { text, qos }] of under) {
        from.send({ cmd: 'publish', topic: 't', payload: text, qos, messageId, dup: true })
      }
    }
    note()
  }
  if (!receiver.isHere) receiver.come(world)
  let isBusy = true
  while (isBusy) {
    await world.settle()
    note()
    isBusy = receiver.read(10) > 0
  }
  for (const [qos, arrived] of [
    [1, receiver.atLeastOnce],
    [2, receiver.once],
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

describe('whatever happens', () => {
  it('a session gets everything in order, QoS 2 once, and never more at a time than it takes', async () => {
    const steps = fc.array(step, { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(steps, (chosen) => play(chosen, false)),
      { numRuns: runs },
    )
  })

  it('so does a stored one, over the deaths of the broker', async () => {
    const steps = fc.array(fc.oneof({ arbitrary: step, weight: 10 }, { arbitrary: crash, weight: 1 }), {
      maxLength: 40,
    })
    await fc.assert(
      fc.asyncProperty(steps, (chosen) => play(chosen, true)),
      { numRuns: runs },
    )
  })
})
