import { expectEqual, expectThat } from '@antiphon/testing/internal'
import {
  expectFailure,
  numbers,
  waitUntilOnline,
  outgoing,
  send,
  subscribeAndWait,
  textsOf,
  casesOf,
  type CaseDefinition,
} from '../case-context.js'
import { recordStream } from '../record-stream.js'

/** The cases of `close`. */
export const closeCases: readonly CaseDefinition[] = casesOf(
  'closing',
  {
    name: 'completes every stream on close and emits closed on state$',
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const states = recordStream(link.state$)
      const incidents = recordStream(link.incidents$)
      const messages = recordStream(link.messages$(topic))
      const subscription = await subscribeAndWait(context, link, topic)
      await context.eventually(link.close())
      expectEqual(states.values.at(-1), { status: 'closed' }, 'the last state')
      expectEqual(states.ending(), 'complete', 'the end of state$')
      expectEqual(incidents.ending(), 'complete', 'the end of incidents$')
      expectEqual(messages.ending(), 'complete', 'the end of messages$')
      expectEqual(subscription.windows.ending(), 'complete', 'the end of subscription$')
      expectEqual(subscription.closedWindows(), 1, 'the number of closed windows')
    },
  },
  {
    name: 'stays closed after close: later subscribers see closed, later publishes fail with link-closed',
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      await waitUntilOnline(context, link)
      await context.eventually(link.close())
      await context.eventually(link.close())
      const states = recordStream(link.state$)
      expectEqual(states.values, [{ status: 'closed' }], 'the states for a late subscriber')
      expectEqual(states.ending(), 'complete', 'the end of state$')
      expectEqual(recordStream(link.incidents$).ending(), 'complete', 'the end of incidents$')
      expectEqual(recordStream(link.messages$(topic)).ending(), 'complete', 'the end of messages$')
      expectEqual(recordStream(link.subscription$(topic)).ending(), 'complete', 'the end of subscription$')
      expectFailure(recordStream(link.publish$(outgoing(topic, 'x'))).ending(), 'link-closed')
    },
  },
  {
    name: 'closes a link that was never opened',
    run: async (context) => {
      const link = context.link()
      await context.eventually(link.close())
      const states = recordStream(link.state$)
      expectEqual(states.values, [{ status: 'closed' }], 'the states')
      expectEqual(states.ending(), 'complete', 'the end of state$')
    },
  },
  {
    name: 'sends the messages published before close',
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const received = await subscribeAndWait(context, context.peer, topic)
      await waitUntilOnline(context, link)
      const acks = numbers(30).map((text) => recordStream(link.publish$(outgoing(topic, text))))
      await context.eventually(link.close())
      await context.eventually(received.until(30))
      expectEqual(textsOf(received.deliveries), numbers(30), 'the received payloads')
      expectEqual(
        acks.filter((ack) => ack.ending() === 'complete').length,
        30,
        'the number of completed publishes',
      )
    },
  },
  {
    name: 'fails unsendable publishes with link-closed on close',
    needs: ['cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      await waitUntilOnline(context, link)
      await context.cut(link)
      const queued = recordStream(link.publish$(outgoing(context.topic('a'), 'x')))
      await context.eventually(link.close())
      expectFailure(queued.ending(), 'link-closed')
    },
  },
  {
    name: 'accepts close while connecting',
    run: async (context) => {
      const link = context.link()
      const states = recordStream(link.state$)
      await context.eventually(states.until(1))
      await context.eventually(link.close())
      expectEqual(states.values.at(-1), { status: 'closed' }, 'the last state')
    },
  },
  {
    name: 'accepts close inside a message handler',
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const ready = await subscribeAndWait(context, link, topic)
      let closed: Promise<void> | undefined
      const messages = recordStream(link.messages$(topic), () => {
        closed ??= link.close()
      })
      await send(context, context.peer, outgoing(topic, 'x'))
      await context.eventually(messages.ended())
      expectThat(closed !== undefined, 'expected the handler to run')
      await context.eventually(closed)
      expectEqual(ready.windows.ending(), 'complete', 'the end of the other subscription')
    },
  },
  {
    name: 'leaves no subscription at the broker after close',
    needs: ['no-subscribers'],
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      await subscribeAndWait(context, link, topic)
      await context.eventually(link.close())
      await context.settle()
      expectEqual(
        (await send(context, context.peer, outgoing(topic, 'x'))).reasonCode,
        0x10,
        'the acknowledgement',
      )
    },
  },
  {
    name: 'leaves no timer, socket or broker connection after close',
    needs: ['leftovers'],
    run: async (context) => {
      const link = context.link()
      const topic = context.topic('a')
      const subscription = await subscribeAndWait(context, link, topic)
      const messages = recordStream(link.messages$(context.topic('+')))
      await send(context, link, outgoing(topic, 'x', { messageExpiryInterval: 60 }))
      await context.eventually(subscription.until(1))
      await context.eventually(messages.until(1))
      await context.eventually(link.close())
      expectEqual(await context.leftovers(link), [], 'the leftovers of the link')
    },
  },
  {
    name: 'leaves no timer, socket or broker connection after close while offline',
    needs: ['leftovers', 'cut'],
    run: async (context) => {
      const link = context.link({ persistentSession: true })
      await subscribeAndWait(context, link, context.topic('a'))
      await context.cut(link)
      recordStream(link.publish$(outgoing(context.topic('a'), 'x', { messageExpiryInterval: 60 })))
      await context.eventually(link.close())
      expectEqual(await context.leftovers(link), [], 'the leftovers of the link')
    },
  },
)
