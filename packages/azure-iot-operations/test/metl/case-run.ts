import type { OutgoingMessage, UserProperties } from '@antiphon/core'
import { correlationKey, expectEqual } from './checks.js'
import { fields, list, milliseconds, optionalText, texts, type Fields, type MetlCase } from './metl-case.js'
import type { AckKind, IncomingMessage, MetlWorld, OpenWorld } from './metl-world.js'

/** What the runs of all kinds of cases have in common: their world, and what its indices stand for. */
export class CaseRun {
  readonly world: MetlWorld
  readonly correlations: Map<unknown, Uint8Array> = new Map<unknown, Uint8Array>()
  readonly #packetIds = new Map<unknown, number>()
  #awaitedPublishes = 0
  #awaitedAcks = 0

  private constructor(world: MetlWorld) {
    this.world = world
  }

  static async open(openWorld: OpenWorld, { prologue }: MetlCase): Promise<CaseRun> {
    const acks = fields(prologue['push-acks'])
    const queue = (name: string): AckKind[] => [...list(acks[name])] as AckKind[]
    const clientId = optionalText(fields(prologue['mqtt-config'])['client-id']) ?? 'MetlClient'
    return new CaseRun(
      await openWorld({
        clientId,
        acks: {
          publish: queue('publish'),
          subscribe: queue('subscribe'),
          unsubscribe: queue('unsubscribe'),
        },
      }),
    )
  }

  /** Performs an action that all kinds of cases have. */
  async perform(action: Fields): Promise<void> {
    const { world } = this
    switch (action['action']) {
      case 'await acknowledgement':
        return this.#awaitAcknowledgement(action)
      case 'disconnect':
        world.peer.disconnect()
        return world.settle()
      case 'sleep':
        return world.sleep(milliseconds(action['duration']) ?? 0)
      case 'freeze time':
        return world.freeze()
      case 'unfreeze time':
        return world.unfreeze()
      default:
        throw new Error(`the runner does not know the action "${String(action['action'])}"`)
    }
  }

  /** Waits for the next publication. */
  async awaitPublish(): Promise<OutgoingMessage> {
    const { published } = this.world.peer
    const index = this.#awaitedPublishes++
    await this.world.until(() => published.length > index, 'a publication')
    const message = published[index]
    if (message === undefined) throw new Error('no message has been published')
    return message
  }

  /** Sends a message; `extra` are User Properties besides the metadata of the action. */
  async send(action: Fields, extra: UserProperties, more: Partial<IncomingMessage> = {}): Promise<void> {
    const expiry = milliseconds(action['message-expiry'])
    const contentType = optionalText(action['content-type'])
    const packetIndex = action['packet-index']
    const message: IncomingMessage = {
      topic: String(action['topic']),
      payload: new TextEncoder().encode(optionalText(action['payload']) ?? ''),
      qos: (action['qos'] ?? 1) as 0 | 1 | 2,
      userProperties: [...extra, ...Object.entries(texts(action['metadata']))],
      ...(contentType !== undefined && { contentType }),
      ...(typeof action['format-indicator'] === 'number' && {
        payloadFormatIndicator: action['format-indicator'] === 1,
      }),
      ...(expiry !== undefined && { messageExpiryInterval: Math.ceil(expiry / 1_000) }),
      ...more,
    }
    const packetId = await this.world.peer.send(message, this.#packetIds.get(packetIndex))
    if (packetIndex !== undefined) this.#packetIds.set(packetIndex, packetId)
    await this.world.settle()
  }

  /** Returns the latest message with the correlation of an index; `null` stands for none. */
  publishedFor({ 'correlation-index': index }: Fields): OutgoingMessage | undefined {
    const key = index === null ? undefined : correlationKey(this.correlations.get(index))
    if (index !== null && key === undefined)
      throw new Error(`there is no correlation with index ${JSON.stringify(index)}`)
    return this.world.peer.published
      .filter(({ correlationData }) => correlationKey(correlationData) === key)
      .at(-1)
  }

  async #awaitAcknowledgement({ 'packet-index': index }: Fields): Promise<void> {
    const { acknowledged } = this.world.peer
    const position = this.#awaitedAcks++
    await this.world.until(() => acknowledged.length > position, 'an acknowledgement')
    if (index !== undefined)
      expectEqual(acknowledged[position], this.#packetIds.get(index) ?? null, 'the Packet Identifier')
  }
}

/** Returns the client identifier that a source index stands for. */
export function sourceId(index: unknown): string {
  return `source-${String(index)}`
}

/** Returns the User Property that names the sender of a message; none if the index is null. */
export function sourceProperties({ 'source-index': index }: Fields): UserProperties {
  return index === null || index === undefined ? [] : [['__srcId', sourceId(index)]]
}
