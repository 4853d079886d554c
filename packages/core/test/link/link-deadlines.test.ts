import { linkMiddleware } from '@antiphon/core/link'
import { VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { deadlinesOf } from '../../src/link/link-deadlines.js'
import { linkOver } from '../../src/link/link-over.js'
import type { LinkMiddleware } from '../../src/link/link.js'
import { logged } from '../../src/middleware/logged.js'
import { metered, Meter } from '../../src/middleware/metered.js'
import { stamped } from '../../src/middleware/stamped.js'
import { traced } from '../../src/middleware/traced.js'
import { outgoing } from './messages.js'
import { manualTransport } from './manual-transport.js'

describe('deadlinesOf', () => {
  it('are those of the transport side of the link', () => {
    const link = linkOver(manualTransport(), { scheduler: new VirtualTimeScheduler() })
    const deadlines = deadlinesOf(link)
    link.publish$(outgoing('a', '1', { messageExpiryInterval: 10 })).subscribe()
    expect(deadlines.size).toBe(1)
  })

  it.each<[string, LinkMiddleware]>([
    ['logged', logged(() => undefined)],
    ['metered', metered(new Meter())],
    ['stamped', stamped()],
    ['traced', traced()],
    ['linkMiddleware', linkMiddleware({})],
    ['a middleware that spreads the link', (link) => ({ ...link })],
    ['two middlewares', (link) => logged(() => undefined)(stamped()(link))],
  ])('are shared by a link and %s', (_, middleware) => {
    const link = linkOver(manualTransport(), { scheduler: new VirtualTimeScheduler() })
    expect(deadlinesOf(middleware(link))).toBe(deadlinesOf(link))
  })

  it('are shared by middleware around a link that another author has made', () => {
    const link = { ...linkOver(manualTransport()) }
    for (const key of Object.getOwnPropertySymbols(link)) Reflect.deleteProperty(link, key)
    expect(deadlinesOf(linkMiddleware({})(link))).toBe(deadlinesOf(link))
  })
})
