import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { countsOf, request$, strays$ } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { describeForeign, startMosquitto } from '@antiphon/workshop'
import { from, lastValueFrom, toArray } from 'rxjs'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bundleBroker, removeBundle, startBroker } from '../durable/broker-process.js'
import { openGate } from './gate.js'
import { bundleResponder, startMember, type Member } from './member.js'
import { work } from './work.js'

const held = 500
const names = ['one', 'two', 'three']
const questions = Array.from({ length: names.length * held }, (_, index) => `${index}`)

let cleanUps: (() => Promise<unknown>)[]
beforeAll(bundleResponder)
beforeEach(() => {
  cleanUps = []
})
afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp()
})

/** The members of the group, each holding its share of the questions, and a caller who waits for the answers. */
async function groupAtWork(url: string, urlOf: (name: string) => string = () => url) {
  const changed = new EventTarget()
  const start = async (name: string): Promise<Member> => {
    const member = await startMember(urlOf(name), name, () => changed.dispatchEvent(new Event('change')))
    cleanUps.push(member.kill)
    return member
  }
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo())
      await new Promise((resolve) => changed.addEventListener('change', resolve, { once: true }))
  }
  const members = await Promise.all(names.map(start))
  const caller = connect(url)
  cleanUps.push(() => caller.close())
  let strays = 0
  strays$(caller).subscribe(() => strays++)
  const answers = lastValueFrom(from(questions).pipe(request$(caller, work, { timeout: 60_000 }), toArray()))
  await until(() => members.every(({ began }) => began.length >= held))

  /** Everybody got the answer to the own question, once. */
  const expectAnswered = async (): Promise<void> => {
    expect((await answers).sort(byNumber)).toEqual(questions)
    const all = questions.length
    expect(countsOf(caller, work)).toMatchObject({ asked: all, answered: all, pending: 0, retried: 0 })
    expect(strays).toBe(0)
  }
  /** Each question was carried out, and by one member once. */
  const expectDoneOnce = async (...everybody: readonly Member[]): Promise<void> => {
    const done = (): string[] => everybody.flatMap(({ did }) => did)
    await until(() => done().length >= questions.length)
    expect(done().sort(byNumber)).toEqual(questions)
  }
  return { members, start, until, expectAnswered, expectDoneOnce }
}

const byNumber = (one: string, other: string): number => Number(one) - Number(other)

describe(`a responder killed with ${held} requests in hand`, { timeout: 60_000 }, () => {
  it('leaves them to the others of its group: all are answered, and each is done once', async () => {
    await bundleBroker()
    cleanUps.push(removeBundle)
    const folder = await mkdtemp(join(tmpdir(), 'antiphon-group-'))
    cleanUps.push(() => rm(folder, { recursive: true, maxRetries: 5 }))
    const broker = await startBroker(folder)
    cleanUps.push(broker.kill)
    const { members, until, expectAnswered, expectDoneOnce } = await groupAtWork(
      `mqtt://127.0.0.1:${broker.port}`,
    )
    const [victim, ...others] = members as [Member, ...Member[]]

    expect(victim.began).toHaveLength(held)
    await victim.kill()
    await until(() => others.flatMap(({ began }) => began).length === questions.length)
    for (const { go } of others) go()
    await expectAnswered()
    await expectDoneOnce(...members)
    expect(victim.did).toEqual([])
  })
})

describeForeign(
  ['mosquitto'],
  `a responder killed at Mosquitto, which gives no member’s share to another`,
  () => {
    it('gets its share again when it is back; another one that lost its connection does nothing twice', async () => {
      const broker = await startMosquitto({ config: ['max_inflight_messages 2000'] })
      cleanUps.push(broker.stop)
      const gate = await openGate(broker.port)
      cleanUps.push(gate.close)
      const { members, start, until, expectAnswered, expectDoneOnce } = await groupAtWork(
        broker.url,
        (name) => (name === 'two' ? gate.url : broker.url),
      )
      const [victim, cut, untouched] = members as [Member, Member, Member]

      await victim.kill()
      gate.cut()
      const again = await start('one')
      await until(() => again.began.length === victim.began.length && cut.again.length === cut.began.length)
      for (const { go } of [again, cut, untouched]) go()
      await expectAnswered()
      await expectDoneOnce(victim, again, cut, untouched)
      // What came to it again joined what it had in hand.
      expect(new Set(cut.began).size).toBe(cut.began.length)
    }, 60_000)
  },
)
