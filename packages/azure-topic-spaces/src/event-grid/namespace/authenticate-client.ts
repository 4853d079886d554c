import { Reason, type ConnectAttempt, type ConnectVerdict } from '@antiphon/broker'
import { authenticationNameOf, type NamespaceClient } from '../namespace-client.js'

/** What a namespace checks a connection attempt against. */
export interface ClientContext {
  readonly clients: () => readonly NamespaceClient[]
  /** Whether the authentication name may be the subject of the certificate, in place of the user name. */
  readonly usesCertificateSubject: boolean
  /** Returns the authentication name of the client that has a session, also of one that is offline. */
  readonly ownerOf: (sessionName: string) => string | undefined
  /** Returns the names of a client's sessions. */
  readonly sessionsOf: (authenticationName: string) => readonly string[]
  readonly maximumSessions: number
}

/** Admits or refuses a client: 0x87 for whom it is, 0x97 for too many sessions. */
export function authenticateClient(attempt: ConnectAttempt, context: ClientContext): ConnectVerdict {
  const { certificate, clientId, userName = '' } = attempt
  const name = userName === '' && context.usesCertificateSubject ? (certificate?.commonName ?? '') : userName
  if (name === '') return refuse('the user name is empty: it must be the authentication name of the client')
  const client = context
    .clients()
    .find((candidate) => authenticationNameOf(candidate).toLowerCase() === name.toLowerCase())
  if (client === undefined) return refuse(`no client has the authentication name ${name}`)
  if (client.isEnabled === false) return refuse(`the client ${client.name} is disabled`)
  const fault = certificateFault(attempt, client)
  if (fault !== undefined) return refuse(fault)
  const owner = authenticationNameOf(client)
  if ((context.ownerOf(clientId) ?? owner) !== owner)
    return refuse(`the session ${clientId} belongs to another client`)
  const others = context.sessionsOf(owner).filter((sessionName) => sessionName !== clientId)
  if (others.length >= context.maximumSessions) {
    const reasonString = `${owner} has ${others.length} sessions (${others.join(', ')}): maximumClientSessionsPerAuthenticationName is ${context.maximumSessions}`
    return { admit: false, reasonCode: Reason.quotaExceeded, reasonString }
  }
  return { admit: true, principal: client.name }
}

function certificateFault(
  { certificate, listener }: ConnectAttempt,
  client: NamespaceClient,
): string | undefined {
  // An in-process client has no certificate.
  if (listener === 'in-process') return undefined
  if (certificate === undefined)
    return 'the client has no certificate that an authority of this namespace has signed'
  if (client.validationScheme === 'ThumbprintMatch') {
    const allowed = (client.allowedThumbprints ?? []).map(toHex)
    return allowed.includes(toHex(certificate.fingerprint256))
      ? undefined
      : 'the thumbprint of the certificate is not in allowedThumbprints'
  }
  const name = authenticationNameOf(client)
  return certificate.commonName.toLowerCase() === name.toLowerCase()
    ? undefined
    : `the common name of the certificate is ${certificate.commonName}: it must be the authentication name, ${name}`
}

function toHex(thumbprint: string): string {
  return thumbprint.replaceAll(':', '').toLowerCase()
}

function refuse(reasonString: string): ConnectVerdict {
  return { admit: false, reasonCode: Reason.notAuthorized, reasonString }
}
