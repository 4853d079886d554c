import mqtt, { type IClientOptions, type MqttClient, type StreamBuilder } from 'mqtt'

/** Receives what MQTT.js does to its stream. */
export interface ClientOutput {
  readonly write: (bytes: Uint8Array) => void
  readonly end: () => void
  /** `error` is set if MQTT.js cannot encode a packet. */
  readonly destroy: (error?: unknown) => void
}

/** The parser of MQTT.js. */
interface Parser {
  readonly write: (packet: Uint8Array) => unknown
}

const encoder = new TextEncoder()

/**
 * The stream below MQTT.js: it receives only the packets passed to `deliver`, and its output goes to `ClientOutput`.
 *
 * It has the members of a Node `Duplex` that MQTT.js uses, because a browser has no `Duplex`; a test fails if MQTT.js uses
 * another.
 */
export class ClientStream {
  readonly #output: ClientOutput
  readonly #closeListeners: (() => void)[] = []
  #parser: Parser | undefined

  constructor(output: ClientOutput) {
    this.#output = output
  }

  /** Passes a packet to MQTT.js. */
  deliver(packet: Uint8Array): void {
    this.#parser?.write(packet)
  }

  /** Tells MQTT.js that the connection has closed. */
  close(): void {
    for (const listener of this.#closeListeners.splice(0)) listener()
  }

  pipe<P extends Parser>(parser: P): P {
    this.#parser = parser
    return parser
  }

  /** Accepts every chunk, which makes `drain` unnecessary: the few packets of MQTT.js are small. */
  write(chunk: string | Uint8Array): true {
    this.#output.write(typeof chunk === 'string' ? encoder.encode(chunk) : chunk)
    return true
  }

  end(): void {
    this.#output.end()
  }

  destroy(error?: unknown): void {
    this.#output.destroy(error)
  }

  /** Adds a listener for `close`. There are no other events: errors go to the connection without passing MQTT.js. */
  on(event: string, listener: () => void): this {
    if (event === 'close') this.#closeListeners.push(listener)
    return this
  }

  removeListener(_event: 'close', listener: () => void): this {
    const index = this.#closeListeners.indexOf(listener)
    if (index >= 0) this.#closeListeners.splice(index, 1)
    return this
  }

  setMaxListeners(): this {
    return this
  }
}

/** Starts an MQTT.js client for one connection, without reconnecting, resubscribing or queueing: it sends CONNECT. */
export function connectClient(stream: ClientStream, options: IClientOptions): MqttClient {
  return new mqtt.MqttClient(() => stream as unknown as ReturnType<StreamBuilder>, {
    ...options,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // It would create 65 536 buffers, one for each Packet Identifier, before CONNECT: see decision 0009.
    writeCache: false,
    log: () => undefined,
  })
}
