import { logged, type LogEntry, type Message } from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { describe, expect, it } from 'vitest'
import { inWorld } from '../world.js'

const payload = new Uint8Array([1])

describe('logged', () => {
  it('logs publishes, their acknowledgements and failures, messages and states, with the time', () => {
    inWorld(({ broker, link, advance }) => {
      const log: LogEntry[] = []
      const loggedLink = logged((entry) => log.push(entry))(link('client'))
      loggedLink.state$.subscribe()
      loggedLink.messages$('in').subscribe()
      advance(20)
      loggedLink.publish$({ topic: 'out', payload }).subscribe()
      broker.publish({ topic: 'in', payload })
      advance(20)
      broker.refusePublish('#', 0x87)
      loggedLink.publish$({ topic: 'out', payload }).subscribe({ error: () => undefined })
      advance(20)
      expect(log.map(({ event }) => event)).toEqual([
        'state',
        'state',
        'publish',
        'message',
        'acknowledged',
        'publish',
        'failed',
      ])
      expect(log.map(({ at }) => at)).toEqual([...log.map(({ at }) => at)].sort((a, b) => a - b))
    })
  })
})

describe('linkMiddleware', () => {
  it('passes messages$ and subscription$ through the same function', () => {
    inWorld(({ broker, link, advance }) => {
      const filters: string[] = []
      const tapped = linkMiddleware({
        deliveries$: (deliveries$, filter) => {
          filters.push(filter)
          return deliveries$
        },
      })(link('tapped'))
      const messages: Message[] = []
      tapped.messages$('in').subscribe((message) => messages.push(message))
      advance(20)
      broker.publish({ topic: 'in', payload })
      advance(20)
      expect(filters).toEqual(['in'])
      expect(messages).toHaveLength(1)
      expect(broker.sessions().flatMap(({ unacknowledged }) => unacknowledged)).toEqual([])
    })
  })
})
