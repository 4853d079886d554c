import type { ListenOptions } from '@antiphon/broker'
import { developmentTls, type DevelopmentTls } from '@antiphon/broker/command'
import { readFile } from 'node:fs/promises'
import type { TlsOptions } from 'node:tls'
import { commandLineError, type CommandLine } from './command-line.js'

/** The options of a command line that say where a stand-in listens. */
export type ListeningLine<P extends Protocol> = Pick<
  CommandLine<P | 'host' | 'cert' | 'key' | 'ca', 'dev-tls'>,
  'optional' | 'required' | 'isSet'
>

/** The protocols of listeners. */
export type Protocol = 'tls' | 'wss' | 'tcp' | 'ws'

/** Where a stand-in listens, and with which certificates. */
export interface Listening {
  /** Returns the listeners, which trust the certificates that `authorities` have signed, PEM. */
  readonly listeners: (authorities: readonly string[]) => readonly ListenOptions[]
  /** How to trust the certificate of `--dev-tls`, in lines for the user. */
  readonly instructions: readonly string[]
}

/**
 * Reads where to listen, of the protocols that the stand-in has; by default, on port 8883 with TLS. Throws `invalid-argument`
 * for a wrong port, or if there is no certificate.
 */
export async function readListening<P extends Protocol>(
  line: ListeningLine<P>,
  protocols: readonly P[],
): Promise<Listening> {
  const { optional } = line
  const host = optional('host') ?? '127.0.0.1'
  const ports = protocols.flatMap((protocol) => {
    const port = optional(protocol)
    return port === undefined ? [] : [{ protocol: protocol, port: toPort(protocol, port), host }]
  })
  const addresses = ports.length > 0 ? ports : [{ protocol: 'tls' as Protocol, port: 8_883, host }]
  const development = line.isSet('dev-tls') ? await developmentTls() : undefined
  const ca = optional('ca')
  const ownAuthorities = ca === undefined ? [] : [await readFile(ca, 'utf8')]
  const needsTls = addresses.some(({ protocol }) => protocol === 'tls' || protocol === 'wss')
  const serverTls = needsTls ? await tlsOf(line, development) : {}
  return {
    listeners: (authorities) => {
      const trusted = [...authorities, ...ownAuthorities]
      return addresses.map(({ protocol, ...address }): ListenOptions => {
        if (protocol === 'tcp' || protocol === 'ws') return { protocol, ...address }
        // A browser may prompt its user for a certificate: a WebSocket listener without authorities requests none.
        const requestCert = protocol === 'tls' || trusted.length > 0
        const ca = trusted.length === 0 ? {} : { ca: trusted }
        return { protocol, ...address, tls: { ...serverTls, ...ca, requestCert, rejectUnauthorized: false } }
      })
    },
    instructions: development?.instructions ?? [],
  }
}

async function tlsOf(
  { optional, required }: ListeningLine<never>,
  development: DevelopmentTls | undefined,
): Promise<TlsOptions> {
  if (development === undefined)
    return { cert: await readFile(required('cert')), key: await readFile(required('key')) }
  if ((optional('cert') ?? optional('key')) !== undefined)
    throw commandLineError('--dev-tls excludes --cert and --key: it creates the certificate')
  return { cert: development.cert, key: development.key }
}

function toPort(option: string, value: string): number {
  const port = Number(value)
  if (/^\d+$/.test(value) && port <= 65_535) return port
  throw commandLineError(`--${option} is '${value}': it must be a whole number from 0 to 65535`)
}
