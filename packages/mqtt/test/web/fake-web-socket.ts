import type { WebSocketConstructor, WebSocketLike } from '@antiphon/mqtt/web'
import { type Packet, parser } from 'mqtt-packet'

type Handler<Event> = ((event: Event) => void) | null

/** A WebSocket without a network: the test is the server. */
export class FakeWebSocket implements WebSocketLike {
  binaryType = 'blob'
  readyState = 0
  bufferedAmount = 0
  onopen: Handler<object> = null
  onmessage: Handler<{ readonly data: unknown }> = null
  onerror: Handler<{ readonly message?: string }> = null
  onclose: Handler<object> = null
  readonly sent: Uint8Array[] = []

  constructor(
    readonly url: string,
    readonly protocol: string,
  ) {}

  send(data: Uint8Array): void {
    this.sent.push(data.slice())
  }

  close(): void {
    this.readyState = 2
  }

  /** Opens as if the server had accepted. */
  open(): void {
    this.readyState = 1
    this.onopen?.({})
  }

  /** Delivers one binary frame. */
  receive(...bytes: readonly number[]): void {
    this.onmessage?.({ data: Uint8Array.from(bytes).buffer })
  }
}

/** A class of fake WebSockets, and those that were created with it. */
export interface FakeWebSockets {
  readonly webSocket: WebSocketConstructor
  readonly opened: readonly FakeWebSocket[]
}

/** Creates a class of fake WebSockets. */
export function fakeWebSockets(): FakeWebSockets {
  const opened: FakeWebSocket[] = []
  const webSocket = class extends FakeWebSocket {
    constructor(url: string, protocol: string) {
      super(url, protocol)
      opened.push(this)
    }
  }
  return { webSocket, opened }
}

/** Reads the packets that were sent over a fake WebSocket. */
export function packetsOf({ sent }: FakeWebSocket, protocolVersion: 4 | 5 = 5): readonly Packet[] {
  const packets: Packet[] = []
  const reader = parser({ protocolVersion }).on('packet', (packet) => packets.push(packet))
  for (const frame of sent) reader.parse(Buffer.from(frame))
  return packets
}
