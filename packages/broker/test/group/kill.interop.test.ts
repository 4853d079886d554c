import { describeForeign, startMosquitto } from '@antiphon/workshop'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { openGate } from './gate.js'
import { groupAtWork } from './group-at-work.js'
import { bundleResponder, removeResponder, type Member } from './member.js'

beforeAll(bundleResponder)
afterAll(removeResponder)

describeForeign(
  ['mosquitto'],
  `a responder killed at Mosquitto, which gives no member’s share to another`,
  () => {
    it('gets its share again when it is back; another one that lost its connection does nothing twice', async () => {
      const broker = await startMosquitto({ config: ['max_inflight_messages 2000'] })
      onTestFinished(broker.stop)
      const gate = await openGate(broker.port)
      onTestFinished(gate.close)
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
