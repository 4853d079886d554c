import { logged, type LogEntry, type Message } from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { describe, expect, it } from 'vitest'
import { inWorld } from '../world.js'

const payload = new Uint8Array([1])

describe('logged', () => {
  it('tells of publishes, their acknowledgements and failures, messages and states, with the time', () => {
    inWorld(({ broker, link, advance }) => {
      const log: LogEntry[] = []
      const spoken = logged((entry) => log.push(entry))(link('speaker'))
      spoken.state$.subscribe()
      spoken.messages$('in').subscribe()
      advance(20)
      spoken.publish$({ topic: 'out', payload }).subscribe()
      broker.publish({ topic: 'in', payload })
      advance(20)
      broker.refusePublish('#', 0x87)
      spoken.publish$({ topic: 'out', payload }).subscribe({ error: () => undefined })
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
  it('puts one tap before messages$ and subscription$ alike', () => {
    inWorld(({ broker, link, advance }) => {
      const seen: string[] = []
      const tapped = linkMiddleware({
        deliveries$: (deliveries$, filter) => {
          seen.push(filter)
          return deliveries$
        },
      })(link('tapped'))
      const messages: Message[] = []
      tapped.messages$('in').subscribe((message) => messages.push(message))
      advance(20)
      broker.publish({ topic: 'in', payload })
      advance(20)
      expect(seen).toEqual(['in'])
      expect(messages).toHaveLength(1)
      expect(broker.sessions().flatMap(({ unacknowledged }) => unacknowledged)).toEqual([])
    })
  })
})
