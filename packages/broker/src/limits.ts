import { AntiphonError } from '@antiphon/core'

/** Every bound of the broker. */
export interface Limits {
  /** Connections at a time, those still saying CONNECT included. @defaultValue 10 000 */
  readonly connections: number
  /** Sessions at a time, connected or not. @defaultValue 100 000 */
  readonly sessions: number
  /** Milliseconds in which CONNECT, and each further step of an authentication, must come. @defaultValue 10 000 */
  readonly connectTimeout: number
  /** Bytes of the largest packet accepted. @defaultValue 1 048 576 */
  readonly packetSize: number
  /** Bytes of the longest topic name or filter. @defaultValue 65 535 */
  readonly topicLength: number
  /** Levels of the deepest topic name or filter. @defaultValue 200 */
  readonly topicLevels: number
  /** Filters in one SUBSCRIBE. @defaultValue 1 000 */
  readonly filtersPerSubscribe: number
  /** @defaultValue 1 000 */
  readonly subscriptionsPerClient: number
  /** Seconds a session may outlive its connection. @defaultValue 604 800, a week */
  readonly sessionExpiryInterval: number
  /** Seconds; a v5 client asking for more, or for none, is told this one. @defaultValue 65 535, which tells nobody */
  readonly keepAlive: number
  /** QoS 1 and 2 messages a client may have unanswered. @defaultValue 1 024 */
  readonly receiveMaximum: number
  /** Topic aliases a client may define. @defaultValue 64 */
  readonly topicAliases: number
  /** QoS 1 and 2 messages sent to a client and not acknowledged yet; its own Receive Maximum may be lower. @defaultValue 1 024 */
  readonly inFlight: number
  /** Bytes of the same. @defaultValue 8 388 608 */
  readonly inFlightBytes: number
  /** Messages waiting for one session, those in flight included. @defaultValue 10 000 */
  readonly queueMessages: number
  /** Bytes of the same. @defaultValue 33 554 432 */
  readonly queueBytes: number
  /** Bytes written to one connection and not read by its client; beyond them QoS 0 is dropped. @defaultValue 1 048 576 */
  readonly unreadBytes: number
  /** @defaultValue 100 000 */
  readonly retainedMessages: number
  /** @defaultValue 268 435 456 */
  readonly retainedBytes: number
  /** Messages of one client about which hooks have not decided yet; beyond them the broker stops reading. @defaultValue 64 */
  readonly undecided: number
}

const defaults: Limits = {
  connections: 10_000,
  sessions: 100_000,
  connectTimeout: 10_000,
  packetSize: 1_048_576,
  topicLength: 65_535,
  topicLevels: 200,
  filtersPerSubscribe: 1_000,
  subscriptionsPerClient: 1_000,
  sessionExpiryInterval: 604_800,
  keepAlive: 65_535,
  receiveMaximum: 1_024,
  topicAliases: 64,
  inFlight: 1_024,
  inFlightBytes: 8_388_608,
  queueMessages: 10_000,
  queueBytes: 33_554_432,
  unreadBytes: 1_048_576,
  retainedMessages: 100_000,
  retainedBytes: 268_435_456,
  undecided: 64,
}

/** What MQTT itself can say, or what the broker cannot do without. */
const ranges: { readonly [K in keyof Limits]?: readonly [least: number, most: number] } = {
  packetSize: [16, 268_435_460],
  topicLength: [1, 65_535],
  topicLevels: [1, 65_535],
  keepAlive: [1, 65_535],
  receiveMaximum: [1, 65_535],
  topicAliases: [0, 65_535],
  inFlight: [1, 65_535],
  queueMessages: [1, 65_000],
  undecided: [1, 65_535],
}

/** The defaults with the given limits over them; throws `invalid-argument` for one that cannot be. */
export function resolveLimits(given: Partial<Limits>): Limits {
  for (const [name, value] of Object.entries(given) as [keyof Limits, number][]) {
    if (!(name in defaults))
      throw new AntiphonError('invalid-argument', `limits.${name} is not a limit of the broker`)
    const [least, most] = ranges[name] ?? [0, Infinity]
    if (!(value >= least && value <= most)) {
      throw new AntiphonError(
        'invalid-argument',
        `limits.${name} is ${value}: it goes from ${least} to ${most}`,
      )
    }
  }
  return { ...defaults, ...given }
}
