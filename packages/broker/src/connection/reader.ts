import type { Deadline } from '@antiphon/core/link'
import { Framer, PacketType } from '@antiphon/packet'
import type { Engine } from '../engine/engine.js'
import type { ConnectionRates } from '../rates/rates.js'
import type { Channel } from './channel.js'
import type { Flushable } from '../turn.js'

/** The number of outbound messages that one client may cause in one turn, so that others are not starved. */
const maxMessagesPerRead = 10_000

const empty = Buffer.alloc(0)

/** Allocates the buffer of a packet in several chunks. The framers of all idle connections share the empty one. */
function allocate(size: number): Buffer {
  return size === 0 ? empty : Buffer.allocUnsafeSlow(size)
}

/** The connection whose packets a reader reads. */
export interface ReaderHost {
  /** Whether the next packet must wait. */
  readonly isPaused: boolean
  readonly isClosed: boolean
  /** Handles the packet at the framer. */
  readonly handle: () => void
  readonly fail: (error: unknown) => void
}

/** A reader of a stream, packet by packet. It pauses the stream while its host is paused. */
export class Reader implements Flushable {
  readonly framer: Framer<Buffer>
  /** When the last complete packet was read. */
  lastPacketAt: number
  readonly #engine: Engine
  readonly #channel: Channel
  readonly #host: ReaderHost
  readonly #rates: ConnectionRates | undefined
  /** Until the client keeps its rates again. */
  #delay: Deadline | undefined
  #isYielding = false
  #isChannelPaused = false

  constructor(engine: Engine, channel: Channel, host: ReaderHost) {
    const { connectSize, packetSize } = engine.settings.limits
    this.framer = new Framer(Math.min(connectSize, packetSize), allocate)
    this.lastPacketAt = engine.now()
    this.#engine = engine
    this.#channel = channel
    this.#host = host
    this.#rates = engine.rates?.open(channel.remoteAddress)
  }

  /** Whether the next packet must wait. */
  get isPaused(): boolean {
    return this.#isYielding || this.#delay !== undefined || this.#host.isPaused
  }

  receive(chunk: Buffer): void {
    if (this.#host.isClosed) return
    this.#engine.counters.bytesIn += chunk.length
    if (this.#rates !== undefined) this.#pace(this.#rates.count(chunk.length, 0))
    this.framer.append(chunk)
    this.proceed()
  }

  /** Handles received packets until none is complete or reading is paused. */
  proceed(): void {
    const { counters, turn, notifications, now } = this.#engine
    const host = this.#host
    const maxMessagesOut = counters.messagesOut + maxMessagesPerRead
    notifications.begin()
    try {
      // Observers may end this connection: `notifications.next` calls them before `isClosed` is read again.
      while (!host.isClosed && !this.isPaused && this.framer.next()) {
        this.lastPacketAt = now()
        if (this.#rates !== undefined && isMessage(this.framer.firstByte)) this.#pace(this.#rates.count(0, 1))
        host.handle()
        notifications.next()
        if (counters.messagesOut <= maxMessagesOut) continue
        this.#isYielding = true
        turn.add(this)
      }
    } catch (error) {
      host.fail(error)
    } finally {
      notifications.end()
    }
    this.#pauseChannel(!host.isClosed && this.isPaused)
  }

  /** Continues after the turn in which the limit was reached. */
  flush(): void {
    this.#isYielding = false
    this.proceed()
  }

  /** Stops pacing the client, whose connection has ended. */
  close(): void {
    this.#delay?.cancel()
    this.#rates?.close()
  }

  /** Stops reading for some milliseconds. */
  #pace(milliseconds: number): void {
    if (milliseconds <= (this.#delay?.left() ?? 0)) return
    this.#delay?.cancel()
    this.#delay = this.#engine.deadlines.add(milliseconds, () => {
      this.#delay = undefined
      this.proceed()
    })
  }

  #pauseChannel(isPaused: boolean): void {
    if (isPaused === this.#isChannelPaused) return
    this.#isChannelPaused = isPaused
    if (isPaused) this.#channel.pause()
    else this.#channel.resume()
  }
}

/** Whether a packet counts as a message: acknowledgements are not the client's choice. */
function isMessage(firstByte: number): boolean {
  const type = firstByte & 0xf0
  return type < PacketType.puback || type > PacketType.pubcomp
}
