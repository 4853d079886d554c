import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { firstValueFrom } from 'rxjs'
import { online, casesOf, type CaseDefinition } from '../scene.js'
import { watch } from '../watch.js'

/** What `state$` promises. */
export const stateCases: readonly CaseDefinition[] = casesOf(
  'state',
  {
    name: 'state$ says connecting, then online with what the broker allows',
    run: async (scene) => {
      const states = watch(scene.link().state$)
      const [first, second] = await scene.eventually(states.until(2))
      expectEqual(first, { status: 'connecting', attempt: 1 }, 'the first state')
      expectThat(second?.status === 'online', 'the second state to be online')
      const { grant } = second
      expectEqual(grant.sessionPresent, false, 'the session of a new client')
      expectThat(grant.clientId.length > 0, 'a client id')
      expectThat(grant.receiveMaximum >= 1, 'a receive maximum of at least 1')
      expectThat(grant.maximumPacketSize > 0, 'a maximum packet size above 0')
    },
  },
  {
    name: 'state$ gives every subscriber the present state first',
    run: async (scene) => {
      const link = scene.link()
      await online(scene, link)
      const state = await scene.eventually(firstValueFrom(link.state$))
      expectEqual(state.status, 'online', 'the state a late subscriber sees first')
    },
  },
  {
    name: 'state$ says offline with the error and the wait, counts attempts, and comes back online',
    needs: ['cut'],
    run: async (scene) => {
      const link = scene.link({ isRemembered: true })
      const states = watch(link.state$)
      await scene.eventually(states.until(2))
      await scene.cut(link)
      await scene.eventually(states.until(7))
      await scene.restore(link)
      await online(scene, link)
      const [, , ...later] = states.values
      const attempts = later.flatMap((state) => (state.status === 'connecting' ? [state.attempt] : []))
      const [first = 0] = attempts
      expectEqual(
        attempts,
        attempts.map((_, index) => first + index),
        'the numbers of the attempts',
      )
      const statuses = later.map(({ status }) => status)
      const expected = attempts.flatMap(() => ['offline', 'connecting'])
      expectEqual(statuses, [...expected, 'online'], 'the states')
      for (const state of later) {
        if (state.status !== 'offline') continue
        expectThat(state.retryIn >= 0, `a wait of at least 0 ms, not ${state.retryIn}`)
        expectThat(state.error.code !== 'unknown', `an error that says why, not ${state.error.message}`)
      }
      const last = later.at(-1)
      expectEqual(last?.status === 'online' && last.grant.sessionPresent, true, 'the session')
    },
  },
)
