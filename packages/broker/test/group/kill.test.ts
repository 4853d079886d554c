import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { bundleBroker, removeBundle, startBroker } from '../durable/broker-process.js'
import { groupAtWork, held, names } from './group-at-work.js'
import { bundleResponder, removeResponder, type Member } from './member.js'

beforeAll(bundleResponder)
afterAll(removeResponder)

describe(`a responder killed with ${held} requests in hand`, { timeout: 60_000 }, () => {
  it('leaves them to the others of its group: all are answered, and each is done once', async () => {
    await bundleBroker()
    onTestFinished(removeBundle)
    const folder = await mkdtemp(join(tmpdir(), 'antiphon-group-'))
    onTestFinished(() => rm(folder, { recursive: true, maxRetries: 5 }))
    const broker = await startBroker(folder)
    onTestFinished(broker.kill)
    const { members, until, expectAnswered, expectDoneOnce } = await groupAtWork(
      `mqtt://127.0.0.1:${broker.port}`,
    )
    const [victim, ...others] = members as [Member, ...Member[]]

    expect(victim.began).toHaveLength(held)
    await victim.kill()
    await until(() => others.flatMap(({ began }) => began).length === names.length * held)
    for (const { go } of others) go()
    await expectAnswered()
    await expectDoneOnce(...members)
    expect(victim.did).toEqual([])
  })
})
