import { describeForeign, startMosquitto } from '@antiphon/workshop'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { startTcpProxy } from './tcp-proxy.js'
import { startGroup } from './start-group.js'
import { bundleResponder, removeResponder, type Member } from './member.js'

beforeAll(bundleResponder)
afterAll(removeResponder)

describeForeign(
  ['mosquitto'],
  'a killed responder at Mosquitto, which does not redeliver to other members',
  () => {
    it('redelivers requests to a restarted responder, and completes none twice after a lost connection', async () => {
      const broker = await startMosquitto({ config: ['max_inflight_messages 2000'] })
      onTestFinished(broker.stop)
      const proxy = await startTcpProxy(broker.port)
      onTestFinished(proxy.close)
      const { members, start, until, expectResponses, expectCompletedOnce } = await startGroup(
        broker.url,
        (name) => (name === 'two' ? proxy.url : broker.url),
      )
      const [victim, reconnected, untouched] = members as [Member, Member, Member]

      await victim.kill()
      proxy.cut()
      const restarted = await start('one')
      await until(
        () =>
          restarted.started.length === victim.started.length &&
          reconnected.ignored.length === reconnected.started.length,
      )
      for (const { proceed } of [restarted, reconnected, untouched]) proceed()
      await expectResponses()
      await expectCompletedOnce(victim, restarted, reconnected, untouched)
      // Redelivered requests did not start their handlers again.
      expect(new Set(reconnected.started).size).toBe(reconnected.started.length)
    })
  },
)
