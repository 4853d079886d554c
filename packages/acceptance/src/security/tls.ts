import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createBroker } from '@antiphon/broker'
import { AntiphonError } from '@antiphon/core'
import { connect, type ConnectOptions } from '@antiphon/mqtt'
import { map, takeWhile, timeout } from 'rxjs'
import { verdict, type Verdict } from './attack.js'
import { makeBadAuthority } from './authority.js'

/** A connection that must not come about, or that must. */
interface TlsAttempt {
  readonly tried: string
  readonly options: ConnectOptions
  readonly isWelcome?: boolean
}

/** What came of it. */
export interface TlsRecord {
  readonly tried: string
  readonly ours: Verdict
}

/** Lets clients and a broker with certificates at each other that are not as they should be. */
export async function tryTls(folder: string): Promise<readonly TlsRecord[]> {
  const ours = join(folder, 'ours')
  const others = join(folder, 'others')
  await mkdir(ours, { recursive: true })
  await mkdir(others, { recursive: true })
  const { ca, crl, server, good, expired, revoked } = await makeBadAuthority(ours)
  const stranger = await makeBadAuthority(others)
  const broker = createBroker({ closeTimeout: 0 })
  const tls = { ...server, ca, crl, requestCert: true, rejectUnauthorized: true }
  const { port } = await broker.listen({ protocol: 'tls', host: 'localhost', tls })
  const attempts: readonly TlsAttempt[] = [
    { tried: 'a client with a good certificate, for comparison', options: { ca, ...good }, isWelcome: true },
    { tried: 'a broker that another authority vouches for', options: { ca: stranger.ca, ...good } },
    {
      tried: 'a broker whose certificate bears another name',
      options: { ca, ...good, servername: 'elsewhere.example' },
    },
    { tried: 'a client with an expired certificate', options: { ca, ...expired } },
    { tried: 'a client with a revoked certificate', options: { ca, ...revoked } },
    { tried: 'a client whose certificate another authority signed', options: { ca, ...stranger.good } },
    { tried: 'a client without a certificate', options: { ca } },
  ]
  const records: TlsRecord[] = []
  for (const { tried, options, isWelcome = false } of attempts) {
    const told = await outcomeOf(`mqtts://localhost:${port}`, options)
    const isIn = told === 'online'
    records.push({
      tried,
      ours: verdict(told, isIn !== isWelcome && (isIn ? 'it was let in' : `refused: ${told}`)),
    })
  }
  await broker.close()
  return records
}

/** `online`, or the error of the first attempt. */
async function outcomeOf(url: string, options: ConnectOptions): Promise<string> {
  const link = connect(url, { ...options, clientId: 'tls' })
  const outcome$ = link.state$.pipe(
    takeWhile(({ status }) => status === 'connecting', true),
    map((state) =>
      'error' in state && state.error !== undefined ? AntiphonError.from(state.error).message : state.status,
    ),
    takeWhile((told) => told === 'connecting', true),
    timeout(10_000),
  )
  let told = 'connecting'
  await outcome$.forEach((each) => (told = each))
  await link.close()
  return told
}
