import type { Engine } from '../engine.js'
import type { Channel } from './channel.js'
import { Framer } from './framer.js'
import type { Flushable } from './turn.js'

/** How many messages one client may set off in a row before the others have their turn. */
const stint = 10_000

/** Who reads the packets. */
export interface ReaderHost {
  /** Whether what follows has to wait. */
  readonly isHeld: boolean
  readonly isOver: boolean
  /** Deals with the packet at the framer. */
  readonly handle: () => void
  readonly fail: (error: unknown) => void
}

/** Reads a stream packet by packet, as fast as its host lets it; beyond that it stops the stream. */
export class Reader implements Flushable {
  readonly framer: Framer
  /** When the last whole packet came. */
  lastPacketAt: number
  readonly #engine: Engine
  readonly #channel: Channel
  readonly #host: ReaderHost
  #isResting = false
  #isStopped = false

  constructor(engine: Engine, channel: Channel, host: ReaderHost) {
    this.framer = new Framer(engine.settings.limits.packetSize)
    this.lastPacketAt = engine.now()
    this.#engine = engine
    this.#channel = channel
    this.#host = host
  }

  /** Whether packets have to wait. */
  get isHeld(): boolean {
    return this.#isResting || this.#host.isHeld
  }

  receive(chunk: Buffer): void {
    if (this.#host.isOver) return
    this.#engine.counters.bytesIn += chunk.length
    this.framer.append(chunk)
    this.proceed()
  }

  /** Reads on as far as it may. */
  proceed(): void {
    const { counters, turn, notifications, now } = this.#engine
    const host = this.#host
    const enough = counters.messagesOut + stint
    notifications.begin()
    try {
      // Observers may end this very connection: after each packet they are called before it is looked at.
      while (!host.isOver && !this.isHeld && this.framer.next()) {
        this.lastPacketAt = now()
        host.handle()
        notifications.next()
        if (counters.messagesOut <= enough) continue
        this.#isResting = true
        turn.add(this)
      }
    } catch (error) {
      host.fail(error)
    } finally {
      notifications.end()
    }
    this.#stop(!host.isOver && this.isHeld)
  }

  /** Has rested. */
  flush(): void {
    this.#isResting = false
    this.proceed()
  }

  #stop(isStopped: boolean): void {
    if (isStopped === this.#isStopped) return
    this.#isStopped = isStopped
    if (isStopped) this.#channel.pause()
    else this.#channel.resume()
  }
}
