import { numberRule, wholeNumberRule, type OptionRules } from '@antiphon/core/link'

/** The limits of a broker. */
export interface Limits {
  /** Connections at a time, including those that have not sent CONNECT. @defaultValue 10 000 */
  readonly connections: number
  /** Sessions at a time, connected or not. @defaultValue 100 000 */
  readonly sessions: number
  /**
   * Milliseconds to wait for a TLS or WebSocket handshake, then for CONNECT, and for each AUTH of an enhanced
   * authentication.
   * @defaultValue 10 000
   */
  readonly connectTimeout: number
  /** Bytes of the largest packet accepted. @defaultValue 1 048 576 */
  readonly packetSize: number
  /** Bytes of the largest CONNECT or AUTH of a client that has not been admitted yet. @defaultValue 65 536 */
  readonly connectSize: number
  /**
   * Bytes received from all clients that have not been admitted yet. A client whose CONNECT arrives in parts beyond them
   * is refused with 0x97.
   * @defaultValue 16 777 216
   */
  readonly unauthenticatedBytes: number
  /** Bytes of the longest topic name or filter. @defaultValue 65 535 */
  readonly topicLength: number
  /** Levels of the deepest topic name or filter. @defaultValue 200 */
  readonly topicLevels: number
  /** Topic Filters in one SUBSCRIBE. @defaultValue 1 000 */
  readonly filtersPerSubscribe: number
  /** Subscriptions of one client. @defaultValue 1 000 */
  readonly subscriptionsPerClient: number
  /** Maximum of the Session Expiry Interval, in seconds. @defaultValue 604 800, a week */
  readonly sessionExpiryInterval: number
  /**
   * Maximum of the Keep Alive, in seconds. An MQTT 5 client that requests more, or none, gets it as Server Keep
   * Alive.
   * @defaultValue 65 535, which never sets a Server Keep Alive
   */
  readonly keepAlive: number
  /**
   * QoS 1 and 2 messages a client may send before the first is acknowledged: the Receive Maximum in CONNACK.
   * @defaultValue 1 024
   */
  readonly receiveMaximum: number
  /** Topic Aliases a client may define: the Topic Alias Maximum in CONNACK. @defaultValue 64 */
  readonly topicAliases: number
  /** Bytes of the topics of all Topic Aliases that one client defines. @defaultValue 65 536 */
  readonly topicAliasBytes: number
  /**
   * Topic Aliases that the broker assigns to the topics it sends to one client; the client's Topic Alias Maximum may be
   * lower. Their topics take at most 65 536 characters per client.
   * @defaultValue 64
   */
  readonly outboundTopicAliases: number
  /** QoS 1 and 2 messages in flight to one client; the client's Receive Maximum may be lower. @defaultValue 1 024 */
  readonly inFlight: number
  /** Bytes in flight to one client. @defaultValue 8 388 608 */
  readonly inFlightBytes: number
  /** Messages queued for one session, including those in flight. @defaultValue 10 000 */
  readonly queueMessages: number
  /** Bytes queued for one session, including those in flight. @defaultValue 33 554 432 */
  readonly queueBytes: number
  /**
   * Bytes of all sessions together: their subscriptions, Wills, and messages in flight and queued. A message in several
   * queues counts once. `memoryPolicy` says what happens beyond them.
   * @defaultValue 536 870 912
   */
  readonly totalBytes: number
  /**
   * Bytes written to one connection and not sent yet, above which the broker drops QoS 0 messages.
   * @defaultValue 1 048 576
   */
  readonly unreadBytes: number
  /**
   * Bytes written to all connections and not sent yet. Beyond them, the broker drops QoS 0 messages to the clients that
   * read slowest: those that have more than an equal share of these bytes unread.
   * @defaultValue 67 108 864
   */
  readonly totalUnreadBytes: number
  /** Retained messages of all topics. @defaultValue 100 000 */
  readonly retainedMessages: number
  /** Bytes of all retained messages. @defaultValue 268 435 456 */
  readonly retainedBytes: number
  /** Messages of one client whose hooks are pending, at which the broker stops reading from it. @defaultValue 64 */
  readonly undecided: number
}

const defaults: Limits = {
  connections: 10_000,
  sessions: 100_000,
  connectTimeout: 10_000,
  packetSize: 1_048_576,
  connectSize: 65_536,
  unauthenticatedBytes: 16_777_216,
  topicLength: 65_535,
  topicLevels: 200,
  filtersPerSubscribe: 1_000,
  subscriptionsPerClient: 1_000,
  sessionExpiryInterval: 604_800,
  keepAlive: 65_535,
  receiveMaximum: 1_024,
  topicAliases: 64,
  topicAliasBytes: 65_536,
  outboundTopicAliases: 64,
  inFlight: 1_024,
  inFlightBytes: 8_388_608,
  queueMessages: 10_000,
  queueBytes: 33_554_432,
  totalBytes: 536_870_912,
  unreadBytes: 1_048_576,
  totalUnreadBytes: 67_108_864,
  retainedMessages: 100_000,
  retainedBytes: 268_435_456,
  undecided: 64,
}

const wholePacketSize = wholeNumberRule(16, 268_435_460)
const countOrSize = numberRule(0)

/** The rules of `Limits`: the ranges that MQTT, or the broker itself, requires. */
export const limitRules: OptionRules<Limits> = {
  connections: countOrSize,
  sessions: countOrSize,
  connectTimeout: countOrSize,
  packetSize: wholePacketSize,
  connectSize: wholePacketSize,
  unauthenticatedBytes: countOrSize,
  topicLength: wholeNumberRule(1, 65_535),
  topicLevels: wholeNumberRule(1, 65_535),
  filtersPerSubscribe: countOrSize,
  subscriptionsPerClient: countOrSize,
  sessionExpiryInterval: countOrSize,
  keepAlive: wholeNumberRule(1, 65_535),
  receiveMaximum: wholeNumberRule(1, 65_535),
  topicAliases: wholeNumberRule(0, 65_535),
  topicAliasBytes: countOrSize,
  outboundTopicAliases: wholeNumberRule(0, 65_535),
  inFlight: wholeNumberRule(1, 65_535),
  inFlightBytes: countOrSize,
  queueMessages: wholeNumberRule(1, 65_000),
  queueBytes: countOrSize,
  totalBytes: countOrSize,
  unreadBytes: countOrSize,
  totalUnreadBytes: countOrSize,
  retainedMessages: countOrSize,
  retainedBytes: countOrSize,
  undecided: wholeNumberRule(1, 65_535),
}

/** Fills in the defaults. `resolveOptions` has checked the limits by their rules. */
export function resolveLimits(overrides: Partial<Limits>): Limits {
  const given = Object.entries(overrides).filter(([, value]) => value !== undefined)
  return { ...defaults, ...(Object.fromEntries(given) as Partial<Limits>) }
}
