import type { Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { filter, firstValueFrom } from 'rxjs'
import { expect, it } from 'vitest'
import { createBroker, type Broker } from '../../src/index.js'

const sessionExpiryInterval = 3_600

/** How a client with a session of an hour connects. */
type Connect = (broker: Broker, url: string, endSession?: boolean) => Link

const overTcp: Connect = (_, url, endSession) =>
  connect(url, {
    clientId: 'a',
    clean: false,
    properties: { sessionExpiryInterval },
    ...(endSession !== undefined && { endSession }),
  })
const inProcess: Connect = (broker, _, endSession) =>
  broker.link({
    clientId: 'a',
    clean: false,
    sessionExpiryInterval,
    ...(endSession !== undefined && { endSession }),
  })

it.each<[what: string, connectClient: Connect, endSession: boolean | undefined, isKept: boolean]>([
  ['ends a session over TCP with endSession', overTcp, true, false],
  ['keeps a session over TCP without endSession', overTcp, undefined, true],
  ['ends a session in process with endSession', inProcess, true, false],
  ['keeps a session in process without endSession', inProcess, undefined, true],
])('close %s, whose Session Expiry Interval is an hour', async (_, connectClient, endSession, isKept) => {
  const broker = createBroker()
  const { url } = await broker.listen({ protocol: 'tcp', port: 0 })
  const sessionPresent = async (link: Link): Promise<boolean | undefined> => {
    const state = await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
    await link.close()
    return state.status === 'online' ? state.info.sessionPresent : undefined
  }
  await sessionPresent(connectClient(broker, url, endSession))
  expect(await sessionPresent(connectClient(broker, url))).toBe(isKept)
  await broker.close()
})
