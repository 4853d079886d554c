import type { PublishAck } from '@antiphon/core'
import { linkOver, type ResumedPublish } from '@antiphon/core/link'
import { EMPTY, mergeMap, of, type Observable } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { linkContract, virtualSetting } from '../../src/index.js'
import { faultyLinks } from './faulty-links.js'

describe('linkContract over faulty links', () => {
  it.each(Object.entries(faultyLinks))('rejects a link that %s', async (_, { detectedBy, middleware }) => {
    const { cases } = linkContract(virtualSetting({ middleware }))
    await expect(cases.find(({ name }) => name === detectedBy)?.run(), detectedBy).rejects.toThrow()
  })

  it('rejects a link whose transport sends again without regard to Receive Maximum', async () => {
    const resendAtOnce = (event: PublishAck | ResumedPublish): Observable<PublishAck> => {
      if (event.reasonCode !== undefined) return of(event)
      event.resend()
      return EMPTY
    }
    const { cases } = linkContract(
      virtualSetting({
        over: (transport, options) =>
          linkOver(
            {
              ...transport,
              publish$: (message) => transport.publish$(message).pipe(mergeMap(resendAtOnce)),
            },
            options,
          ),
      }),
    )
    const name = 'keeps to a Receive Maximum lowered from 20 to 5 when it sends again in a resumed session'
    await expect(cases.find((each) => each.name === name)?.run()).rejects.toThrow()
  })

  it('accepts a correct link', async () => {
    for (const { run } of linkContract(virtualSetting({ middleware: (link) => ({ ...link }) })).cases)
      await run()
  })
})
