import { endpoint, exchange$, requests$, serve, text } from '@antiphon/core'
import { describe, it } from 'vitest'
import { marbles } from '../../src/index.js'
import type { MessageParts } from '../../src/index.js'
import { firstRequest } from './echo.js'

/** The User Properties of a message that raises the credit to a total. */
const creditOf = (total: number): NonNullable<MessageParts['userProperties']> => [
  ['__ctl', 'credit'],
  ['__credit', String(total)],
]

describe('a stream with credit, in marbles', () => {
  it(
    'requests further items as it receives them, and completes',
    marbles(({ link, expectObservable, expectPublished }) => {
      const count = endpoint({ topic: 'count', request: text, response: text, responses: 'many' })
      requests$(link({ clientId: 'responder' }), count)
        .pipe(serve(() => ['1', '2', '3', '4', '5']))
        .subscribe()
      const options = { credit: 2, timeout: 50 }
      expectObservable(exchange$(link({ clientId: 'requester' }), count, 'up', options)).toBe('(12345|)')
      expectPublished('count', { clientId: 'requester' }).toBe('q', {
        q: {
          userProperties: [
            ['__credit', '2'],
            ['__ctl', '1'],
          ],
        },
      })
      expectPublished('control/responder', { clientId: 'requester' }).toBe('(4567)', {
        4: { payload: '', userProperties: creditOf(4) },
        5: { payload: '', userProperties: creditOf(5) },
        6: { payload: '', userProperties: creditOf(6) },
        7: { payload: '', userProperties: creditOf(7) },
      })
    }),
  )

  it(
    'sends no item without credit, and continues once credit is added',
    marbles(({ link, publish, expectPublished }) => {
      const count = endpoint({ topic: 'count', request: text, response: text, responses: 'many' })
      requests$(link(), count, { controlTopic: 'control' })
        .pipe(serve(() => ['1', '2', '3']))
        .subscribe()
      link().messages$('me').subscribe()
      const request = { ...firstRequest, topic: 'count' }
      publish('                 --a---b---', {
        a: { ...request, userProperties: [['__credit', '2']] },
        b: { ...request, topic: 'control', payload: '', userProperties: creditOf(4) },
      })
      expectPublished('me').toBe('--(12)(3e)', { e: { payload: '' } })
    }),
  )
})
