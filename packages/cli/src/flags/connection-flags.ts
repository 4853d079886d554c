import { Option } from 'commander'
import type { Command } from 'commander'
import { duration, oneOfNumbers, pair, repeated, wholeNumber } from './parsers.js'

/** The options of the connection to a broker, as commander parses them. */
export interface ConnectionFlags {
  readonly context?: string
  readonly url?: readonly string[]
  readonly mqttVersion?: 4 | 5 | 'auto'
  readonly clientId?: string
  /** `false` by `--no-clean`. */
  readonly clean?: boolean
  readonly endSession?: boolean
  readonly keepalive?: number
  readonly connectTimeout?: number
  readonly username?: string
  readonly passwordFile?: string
  readonly passwordCommand?: string
  readonly ca?: readonly string[]
  readonly cert?: string
  readonly key?: string
  readonly passphraseFile?: string
  readonly insecure?: true
  readonly servername?: string
  readonly alpn?: readonly string[]
  readonly header?: readonly (readonly [string, string])[]
  readonly proxy?: string
  readonly sessionExpiryInterval?: number
  readonly receiveMaximum?: number
  readonly maximumPacketSize?: number
  readonly topicAliasMaximum?: number
  readonly connectProperty?: readonly (readonly [string, string])[]
  readonly willTopic?: string
  readonly willPayload?: string
  readonly willQos?: 0 | 1 | 2
  readonly willRetain?: true
  readonly willDelayInterval?: number
  readonly maxConnectionAge?: number
  readonly closeTimeout?: number
  readonly waitForBroker?: true
}

const group = 'Connection options:'
const option = (flags: string, about: string): Option => new Option(flags, about).helpGroup(group)
const seconds = wholeNumber(0, 4_294_967_295)
const mqttVersion = oneOfNumbers(4, 5)

/** Adds the options of the connection to a command. */
export function addConnectionFlags(command: Command): Command {
  const options = [
    option(
      '-u, --url <url>',
      'the broker: mqtt:, mqtts:, ws: or wss:; repeat it for a cluster (env: ANTIPHON_URL, default: mqtt://localhost:1883)',
    ).argParser(repeated),
    option(
      '--context <name>',
      'use the options that `antiphon context save` has stored (env: ANTIPHON_CONTEXT)',
    ),
    option(
      '--mqtt-version <4|5|auto>',
      '4 for MQTT 3.1.1; auto: 5, and 3.1.1 if the broker refuses it (default: 5)',
    ).argParser((text) => (text === 'auto' ? text : mqttVersion(text))),
    option('--client-id <id>', 'the Client Identifier (default: a random one)'),
    option('--clean', 'start a new session with every connection'),
    option('--no-clean', 'resume the session of --client-id'),
    option('--end-session', 'end the session at the broker on leaving'),
    option('--keepalive <seconds>', 'the Keep Alive (default: 60)').argParser(wholeNumber(0, 65_535)),
    option('--connect-timeout <duration>', 'how long to wait for CONNACK (default: 30s)').argParser(duration),
    option('--username <name>', 'the user (env: ANTIPHON_USERNAME); the password is in ANTIPHON_PASSWORD'),
    option('--password-file <file>', 'read the password from a file'),
    option(
      '--password-command <command>',
      'run a command before every connection; its output is the password',
    ),
    option('--ca <file>', 'trust this certificate authority (PEM); may be repeated').argParser(repeated),
    option('--cert <file>', 'the client certificate (PEM)'),
    option('--key <file>', 'its private key (PEM)'),
    option('--passphrase-file <file>', 'read the passphrase of --key from a file (env: ANTIPHON_PASSPHRASE)'),
    option('--insecure', 'accept any certificate of the broker: use it for tests only'),
    option('--servername <host>', "the host name in the broker's certificate"),
    option('--alpn <protocol>', 'an application protocol to offer in TLS; may be repeated').argParser(
      repeated,
    ),
    option(
      '--header <name=value>',
      'a header of the WebSocket; @<file> as value reads a file; may be repeated',
    ).argParser(pair),
    option('--proxy <url>', 'connect through http:, https: or socks5: (env: ANTIPHON_PROXY)'),
    option('--session-expiry-interval <seconds>', 'how long the broker keeps the session').argParser(seconds),
    option('--receive-maximum <count>', 'the most unacknowledged messages from the broker').argParser(
      wholeNumber(1, 65_535),
    ),
    option('--maximum-packet-size <bytes>', 'the largest packet to accept').argParser(
      wholeNumber(1, 4_294_967_295),
    ),
    option('--topic-alias-maximum <count>', 'the most topic aliases of the broker').argParser(
      wholeNumber(0, 65_535),
    ),
    option('--connect-property <name=value>', 'a User Property of CONNECT; may be repeated').argParser(pair),
    option('--will-topic <topic>', 'the topic of the will'),
    option('--will-payload <text>', 'its payload'),
    option('--will-qos <level>', 'its QoS').argParser(oneOfNumbers(0, 1, 2)),
    option('--will-retain', 'retain it'),
    option('--will-delay-interval <seconds>', 'how long the broker waits before it publishes it').argParser(
      seconds,
    ),
    option('--max-connection-age <duration>', 'connect again after this time').argParser(duration),
    option('--close-timeout <duration>', 'how long to wait on leaving (default: 2s)').argParser(duration),
    option('--wait-for-broker', 'keep trying to connect; without it, a first failure ends the command'),
  ]
  for (const each of options) command.addOption(each)
  return command
}
