import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { bundleBroker, removeBrokerBundle, startBroker } from '../durable/broker-process.js'
import { startGroup, requestsPerMember, memberIds } from './start-group.js'
import { bundleResponder, removeResponder, type Member } from './member.js'

beforeAll(bundleResponder)
afterAll(removeResponder)

describe(`a responder killed with ${requestsPerMember} pending requests`, () => {
  it('completes each pending request of a killed responder once, by the other members of its group', async () => {
    await bundleBroker()
    onTestFinished(removeBrokerBundle)
    const folder = await mkdtemp(join(tmpdir(), 'antiphon-group-'))
    onTestFinished(() => rm(folder, { recursive: true, maxRetries: 5 }))
    const broker = await startBroker(folder)
    onTestFinished(broker.kill)
    const { members, until, expectResponses, expectCompletedOnce } = await startGroup(
      `mqtt://127.0.0.1:${broker.port}`,
    )
    const [victim, ...others] = members as [Member, ...Member[]]

    expect(victim.started).toHaveLength(requestsPerMember)
    await victim.kill()
    await until(
      () => others.flatMap(({ started }) => started).length === memberIds.length * requestsPerMember,
    )
    for (const { proceed } of others) proceed()
    await expectResponses()
    await expectCompletedOnce(...members)
    expect(victim.completed).toEqual([])
  })
})
