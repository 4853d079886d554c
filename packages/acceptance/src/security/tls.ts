import { createBroker } from '@antiphon/broker'
import { AntiphonError } from '@antiphon/core'
import { connect, type ConnectOptions } from '@antiphon/mqtt'
import { map, takeWhile, timeout } from 'rxjs'
import { attackOutcome, type AttackOutcome } from './test-bed/attack.js'
import { createTestAuthority } from './test-bed/authority.js'

/** A TLS connection that must succeed or fail. */
interface TlsAttempt {
  readonly name: string
  readonly options: ConnectOptions
  readonly isValid?: boolean
}

/** The outcome of a TLS connection. */
export interface TlsRecord {
  readonly name: string
  readonly outcome: AttackOutcome
}

/** Connects clients and a broker with valid and invalid certificates. */
export async function tryTls(): Promise<readonly TlsRecord[]> {
  const { ca, crl, server, good, expired, revoked } = await createTestAuthority()
  const untrusted = await createTestAuthority()
  const broker = createBroker({ closeTimeout: 0 })
  const tls = { ...server, ca, crl, requestCert: true, rejectUnauthorized: true }
  const { port } = await broker.listen({ protocol: 'tls', host: 'localhost', tls })
  const attempts: readonly TlsAttempt[] = [
    { name: 'a client with a valid certificate, for comparison', options: { ca, ...good }, isValid: true },
    { name: 'a broker whose certificate another authority signed', options: { ca: untrusted.ca, ...good } },
    {
      name: 'a broker whose certificate has another name',
      options: { ca, ...good, servername: 'elsewhere.example' },
    },
    { name: 'a client with an expired certificate', options: { ca, ...expired } },
    { name: 'a client with a revoked certificate', options: { ca, ...revoked } },
    { name: 'a client whose certificate another authority signed', options: { ca, ...untrusted.good } },
    { name: 'a client without a certificate', options: { ca } },
  ]
  const records: TlsRecord[] = []
  for (const { name, options, isValid = false } of attempts) {
    const outcome = await outcomeOf(`mqtts://localhost:${port}`, options)
    const isAccepted = outcome === 'online'
    records.push({
      name,
      outcome: attackOutcome(
        outcome,
        isAccepted !== isValid && (isAccepted ? 'it was accepted' : `rejected: ${outcome}`),
      ),
    })
  }
  await broker.close()
  return records
}

/** Resolves with `online`, or with the error of the first connection attempt. */
async function outcomeOf(url: string, options: ConnectOptions): Promise<string> {
  const link = connect(url, { ...options, clientId: 'tls' })
  const outcome$ = link.state$.pipe(
    takeWhile(({ status }) => status === 'connecting', true),
    map((state) =>
      'error' in state && state.error !== undefined ? AntiphonError.from(state.error).message : state.status,
    ),
    takeWhile((status) => status === 'connecting', true),
    timeout(10_000),
  )
  let outcome = 'connecting'
  await outcome$.forEach((next) => (outcome = next))
  await link.close()
  return outcome
}
