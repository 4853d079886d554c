/** What a fleet does. */
export interface Fleet {
  readonly devices: number
  /** Requests of each device an hour, each with one response. */
  readonly requestsPerHour: number
  /** Bytes of the payload of a request; a response has as many. */
  readonly payload: number
  /** Regions with a broker and responders of their own, of equal size. */
  readonly regions: number
  /** Milliseconds of CPU that a handler needs for a request. */
  readonly handlerTime: number
  /** Milliseconds from a request to its response. */
  readonly responseTime: number
}

/** The measured costs of one exchange, connection or session. A test compares them with `docs/bench/result.json`. */
export const costs = {
  /** Microseconds of CPU of a requester for an exchange at QoS 1. */
  requester: 23,
  /** Microseconds of CPU of a responder for an exchange at QoS 1, without its handler. */
  responder: 25,
  /** Microseconds of CPU of both together for a KiB of JSON in the request and in the response. */
  kibibyte: 9.3,
  /** Microseconds of CPU of Mosquitto for a message at QoS 1; an exchange has two. */
  brokerMessage: 21,
  /** Bytes of memory of a requester for a pending request, without its payload. */
  pendingRequest: 645,
  /** Bytes of memory of a responder for a served endpoint, with the responses that it keeps for duplicates. */
  servedEndpoint: 7_750,
  /** Bytes of memory of Mosquitto for an idle connection, and for a stored session with one subscription. */
  brokerConnection: 752,
  brokerSession: 1_008,
  /** Bytes of a request and of its response on the wire without their payloads, at QoS 1 with a topic of 30 characters. */
  packets: 255,
} as const

/** The share of a processor core that is planned with, so that peaks and garbage collection have room. */
export const UTILISATION = 0.6

/** What one region needs. */
export interface Load {
  readonly devices: number
  readonly exchangesPerSecond: number
  /** Messages that the broker receives a second, not counting acknowledgements; it sends as many. */
  readonly messagesPerSecond: number
  /** Bytes that the broker receives a second; it sends as many. */
  readonly bytesPerSecond: number
  /** Processor cores of all responders. */
  readonly responderCores: number
  /** Processor cores of a requester that sends all requests itself, such as a gateway. */
  readonly requesterCores: number
  readonly pendingRequests: number
  /** Bytes of memory of the pending requests, if one requester sends all of them. */
  readonly pendingMemory: number
  /** Processor cores of Mosquitto, of which one can use only one. */
  readonly brokerCores: number
  /** Bytes of memory of Mosquitto for connections and sessions. */
  readonly brokerMemory: number
}

/** Returns what each region needs. */
export function loadOf({
  devices,
  requestsPerHour,
  payload,
  regions,
  handlerTime,
  responseTime,
}: Fleet): Load {
  const perRegion = devices / regions
  const exchangesPerSecond = (perRegion * requestsPerHour) / 3_600
  const json = (costs.kibibyte / 2) * (payload / 1_024)
  const coresFor = (microseconds: number): number => (exchangesPerSecond * microseconds) / 1e6 / UTILISATION
  const pendingRequests = (exchangesPerSecond * responseTime) / 1_000
  return {
    devices: perRegion,
    exchangesPerSecond,
    messagesPerSecond: 2 * exchangesPerSecond,
    bytesPerSecond: exchangesPerSecond * (costs.packets + 2 * payload),
    responderCores: coresFor(costs.responder + json + 1_000 * handlerTime),
    requesterCores: coresFor(costs.requester + json),
    pendingRequests,
    pendingMemory: pendingRequests * (costs.pendingRequest + payload),
    brokerCores: coresFor(2 * costs.brokerMessage),
    brokerMemory: perRegion * (costs.brokerConnection + costs.brokerSession),
  }
}

/** A published limit of a broker, and how much of it a load needs. */
export interface Limit {
  readonly name: string
  readonly value: number
  readonly needs: (load: Load) => number
}

/** A broker with its published limits for one cluster, account or namespace. */
export interface Broker {
  readonly name: string
  readonly limits: readonly Limit[]
}

const sessions = ({ devices }: Load): number => devices
const messages = ({ messagesPerSecond }: Load): number => messagesPerSecond

/** The brokers whose limits are published as numbers; the page cites where. */
export const brokers: readonly Broker[] = [
  {
    name: 'Mosquitto',
    limits: [{ name: 'processor cores', value: 1, needs: ({ brokerCores }) => brokerCores }],
  },
  {
    name: 'EMQX, 23 nodes',
    limits: [
      { name: 'connections in its benchmark', value: 100_000_000, needs: sessions },
      { name: 'messages a second in its benchmark', value: 1_000_000, needs: messages },
    ],
  },
  {
    name: 'HiveMQ',
    limits: [
      { name: 'connections in its benchmark', value: 200_000_000, needs: sessions },
      { name: 'messages a second in its benchmark', value: 1_000_000, needs: messages },
    ],
  },
  {
    name: 'AWS IoT Core',
    limits: [
      { name: 'connections of an account', value: 500_000, needs: sessions },
      { name: 'subscriptions of an account', value: 500_000, needs: sessions },
    ],
  },
  {
    name: 'Azure Event Grid, 40 throughput units',
    limits: [
      { name: 'sessions', value: 400_000, needs: sessions },
      { name: 'messages a second', value: 40_000, needs: messages },
      { name: 'bytes a second', value: 40_000_000, needs: ({ bytesPerSecond }) => bytesPerSecond },
    ],
  },
]

/** How much of a broker's limits a load needs. */
export interface Use {
  /** The limit that is reached first. */
  readonly first: string
  /** The share of it that the load needs: above 1, the broker does not suffice. */
  readonly share: number
}

/** Returns the limit of a broker that a load reaches first. */
export function firstLimitOf({ limits }: Broker, load: Load): Use {
  const uses = limits.map(({ name, value, needs }) => ({ first: name, share: needs(load) / value }))
  return uses.reduce((one, other) => (other.share > one.share ? other : one), { first: '', share: -1 })
}

/** Returns the `reconnect.spread` in milliseconds with which a region's devices reconnect at a rate that the broker accepts. */
export function spreadFor({ devices }: Load, connectionsPerSecond: number): number {
  return Math.ceil((1_000 * devices) / connectionsPerSecond)
}
