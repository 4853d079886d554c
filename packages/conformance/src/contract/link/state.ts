import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { firstValueFrom } from 'rxjs'
import { waitUntilOnline, casesOf, type CaseDefinition } from '../case-context.js'
import { recordStream } from '../record-stream.js'

/** The cases of `state$`. */
export const stateCases: readonly CaseDefinition[] = casesOf(
  'state',
  {
    name: 'emits connecting, then online with the connection info on state$',
    run: async (context) => {
      const states = recordStream(context.link().state$)
      const [first, second] = await context.eventually(states.until(2))
      expectEqual(first, { status: 'connecting', attempt: 1 }, 'the first state')
      expectThat(second?.status === 'online', 'expected the second state to be online')
      const { info } = second
      expectEqual(info.sessionPresent, false, 'Session Present for a new client')
      expectThat(info.clientId.length > 0, 'expected a client id')
      expectThat(info.receiveMaximum >= 1, 'expected a Receive Maximum of at least 1')
      expectThat(info.maximumPacketSize > 0, 'expected a Maximum Packet Size above 0')
    },
  },
  {
    name: 'emits the current state to every new subscriber of state$',
    run: async (context) => {
      const link = context.link()
      await waitUntilOnline(context, link)
      const state = await context.eventually(firstValueFrom(link.state$))
      expectEqual(state.status, 'online', 'the first state for a late subscriber')
    },
  },
  {
    name: 'emits offline with error and retry delay, counts connection attempts, and returns to online',
    needs: ['cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      const states = recordStream(link.state$)
      await context.eventually(states.until(2))
      await context.cut(link)
      await context.eventually(states.until(7))
      await context.restore(link)
      await waitUntilOnline(context, link)
      const [, , ...later] = states.values
      const attempts = later.flatMap((state) => (state.status === 'connecting' ? [state.attempt] : []))
      const [first = 0] = attempts
      expectEqual(
        attempts,
        attempts.map((_, index) => first + index),
        'the attempt numbers',
      )
      const statuses = later.map(({ status }) => status)
      const expected = attempts.flatMap(() => ['offline', 'connecting'])
      expectEqual(statuses, [...expected, 'online'], 'the states')
      for (const state of later) {
        if (state.status !== 'offline') continue
        expectThat(state.retryIn >= 0, `expected retryIn to be at least 0 ms, not ${state.retryIn}`)
        expectThat(
          state.error.code !== 'unknown',
          `expected an error with a known code, not ${state.error.message}`,
        )
      }
      const last = later.at(-1)
      expectEqual(
        last?.status === 'online' && last.info.sessionPresent,
        true,
        'Session Present after the reconnection',
      )
    },
  },
)
