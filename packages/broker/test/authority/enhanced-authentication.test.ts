import type { AntiphonError, Link, LinkState } from '@antiphon/core'
import { connect, type AuthenticationExchange, type ConnectOptions } from '@antiphon/mqtt'
import { filter, firstValueFrom, of, Subject, throwError } from 'rxjs'
import { afterEach, expect, it } from 'vitest'
import { createBroker, type Broker, type ConnectAttempt, type ConnectVerdict } from '../../src/index.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (data: Uint8Array | undefined): string | undefined => data && new TextDecoder().decode(data)

let broker: Broker | undefined
let links: Link[] = []
afterEach(async () => {
  await Promise.all(links.map((link) => link.close()))
  links = []
  await broker?.close()
})

/** The steps that the broker has seen, as `<first or again> <step> <method> <data>`. */
type Steps = string[]

/** Starts a broker whose hook returns these verdicts, one after the other, and a client of it. */
async function start(
  verdicts: readonly ConnectVerdict[],
  authentication: NonNullable<ConnectOptions['authentication']>,
): Promise<{ readonly link: Link; readonly steps: Steps; readonly broker: Broker }> {
  const steps: Steps = []
  const left = [...verdicts]
  const authenticate = (attempt: ConnectAttempt): ConnectVerdict => {
    const { isReAuthentication, step, authenticationMethod, authenticationData } = attempt
    steps.push(
      [isReAuthentication ? 'again' : 'first', step, authenticationMethod, textOf(authenticationData)].join(
        ' ',
      ),
    )
    return left.shift() ?? { admit: false, reasonCode: 0x87 }
  }
  const started = createBroker({ authority: { authenticate }, authenticationMethods: ['SCRAM', 'K8S-SAT'] })
  broker = started
  const { url } = await started.listen({ protocol: 'tcp', port: 0 })
  const link = connect(url, { authentication, reconnect: { initial: 10, maximum: 10, jitter: 0 } })
  links.push(link)
  return { link, steps, broker: started }
}

const until = (link: Link, status: LinkState['status']): Promise<LinkState> =>
  firstValueFrom(link.state$.pipe(filter((state) => state.status === status)))

/** Resolves when the broker has seen so many steps. */
async function untilSteps(steps: Steps, count: number): Promise<void> {
  while (steps.length < count) await new Promise((resolve) => setImmediate(resolve))
}

async function errorOf(link: Link, status: 'closed' | 'offline'): Promise<AntiphonError | undefined> {
  const state = await until(link, status)
  return state.status === 'closed' || state.status === 'offline' ? state.error : undefined
}

it('answers the challenges of the broker and checks what it accepts with', async () => {
  const received: (string | undefined)[] = []
  const exchange: AuthenticationExchange = {
    data: bytes('hello'),
    respond: (challenge) => {
      received.push(textOf(challenge))
      return bytes(`re:${textOf(challenge)}`)
    },
    verify: (data) => received.push(textOf(data)),
  }
  const verdicts: readonly ConnectVerdict[] = [
    { challenge: bytes('one') },
    { challenge: bytes('two') },
    { admit: true, authenticationData: bytes('signature') },
  ]
  const { link, steps } = await start(verdicts, { method: 'SCRAM', begin: () => exchange })
  await until(link, 'online')
  expect(steps).toEqual(['first 0 SCRAM hello', 'first 1 SCRAM re:one', 'first 2 SCRAM re:two'])
  expect(received).toEqual(['one', 'two', 'signature'])
})

it('takes the exchange and its response from promises and Observables', async () => {
  const { link, steps } = await start([{ challenge: bytes('one') }, { admit: true }], {
    method: 'SCRAM',
    begin: () => Promise.resolve({ respond: () => of(bytes('response')) }),
  })
  await until(link, 'online')
  expect(steps).toEqual(['first 0 SCRAM ', 'first 1 SCRAM response'])
})

it('authenticates again while connected each time that reauthenticate$ emits', async () => {
  const renewed$ = new Subject<void>()
  let token = 0
  const { link, steps } = await start(
    [{ admit: true }, { challenge: bytes('x') }, { admit: true }, { admit: true }],
    {
      method: 'K8S-SAT',
      begin: () => ({ data: bytes(`token ${(token += 1)}`), respond: () => bytes('response') }),
      reauthenticate$: renewed$,
    },
  )
  const states: string[] = []
  link.state$.subscribe(({ status }) => states.push(status))
  await until(link, 'online')
  renewed$.next()
  // While an authentication is running, another one follows it, once.
  renewed$.next()
  renewed$.next()
  await untilSteps(steps, 4)
  expect(steps).toEqual([
    'first 0 K8S-SAT token 1',
    'again 0 K8S-SAT token 2',
    'again 1 K8S-SAT response',
    'again 0 K8S-SAT token 3',
  ])
  await firstValueFrom(link.publish$({ topic: 'x', payload: bytes('still connected') }))
  expect(states).toEqual(['connecting', 'online'])
})

it('reports the reason code of a broker that refuses the authentication', async () => {
  const { link } = await start([{ challenge: bytes('x') }], {
    method: 'SCRAM',
    begin: () => ({ respond: () => bytes('wrong') }),
  })
  expect(await errorOf(link, 'closed')).toMatchObject({ code: 'connection-refused', reasonCode: 0x87 })
})

it('connects again, with another exchange, when the broker ends a re-authentication', async () => {
  const renewed$ = new Subject<void>()
  const { link, steps } = await start(
    [{ admit: true }, { admit: false, reasonCode: 0x87 }, { admit: true }],
    {
      method: 'K8S-SAT',
      begin: () => ({ data: bytes('token') }),
      reauthenticate$: renewed$,
    },
  )
  await until(link, 'online')
  renewed$.next()
  expect(await errorOf(link, 'offline')).toMatchObject({ code: 'connection-lost', reasonCode: 0x87 })
  await until(link, 'online')
  expect(steps.map((step) => step.split(' ')[0])).toEqual(['first', 'again', 'first'])
})

it.each<[what: string, exchange: AuthenticationExchange, message: string]>([
  [
    'has no respond',
    { data: bytes('x') },
    'the broker sent a challenge: authentication.begin must return an object with respond',
  ],
  [
    'has a respond that throws',
    {
      respond: () => {
        throw new Error('no key')
      },
    },
    'no key',
  ],
  ['has a respond that fails', { respond: () => throwError(() => new Error('no key')) }, 'no key'],
  [
    'responds with text',
    { respond: () => Promise.resolve('text' as unknown as Uint8Array) },
    'the Authentication Data is not a Uint8Array',
  ],
  [
    'responds with too much',
    { respond: () => new Uint8Array(65_536) },
    'the Authentication Data has 65536 bytes',
  ],
])('does not connect if the authentication %s', async (_, exchange, message) => {
  const { link } = await start([{ challenge: bytes('x') }], { method: 'SCRAM', begin: () => exchange })
  const state = await firstValueFrom(
    link.state$.pipe(filter(({ status }) => status === 'offline' || status === 'closed')),
  )
  expect(state).toHaveProperty('error.message', expect.stringContaining(message))
})

it('does not go online if verify rejects the broker', async () => {
  const { link } = await start([{ admit: true, authenticationData: bytes('forged') }], {
    method: 'SCRAM',
    begin: () => ({
      verify: (data) => {
        throw new Error(`${textOf(data)} is no signature`)
      },
    }),
  })
  const states: string[] = []
  link.state$.subscribe(({ status }) => states.push(status))
  const error = await errorOf(link, 'offline')
  expect(error?.message).toContain('forged is no signature')
  expect(states.slice(0, 2)).toEqual(['connecting', 'offline'])
})

it('tries again when begin fails', async () => {
  let attempts = 0
  const { link } = await start([{ admit: true }], {
    method: 'SCRAM',
    begin: () => {
      attempts++
      if (attempts === 1) throw new Error('no token yet')
      return { data: bytes('x') }
    },
  })
  const error = await errorOf(link, 'offline')
  expect(error?.message).toContain('option authentication failed: no token yet')
  await until(link, 'online')
})
