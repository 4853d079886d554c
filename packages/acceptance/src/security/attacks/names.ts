import { endpoint, exchange$, text } from '@antiphon/core'
import { createBroker } from '@antiphon/broker'
import { firstValueFrom, materialize } from 'rxjs'
import { attacksOn, attackOutcome, type Attack } from '../test-bed/attack.js'

const noPeerReason = 'it does not fill topic templates'

/** Identifiers that contain topic syntax. */
export const names: readonly Attack[] = attacksOn(
  'library',
  {
    name: 'topic parameters with /, +, # or U+0000, and an empty one',
    noPeerReason,
    run: async () => {
      const contract = endpoint({ topic: 'vehicles/{car}/unlock', request: text, response: text })
      const broker = createBroker()
      const published: string[] = []
      broker.events$.subscribe((event) => {
        if (event.type === 'published') published.push(event.message.topic)
      })
      const link = broker.link()
      for (const car of ['a/b', '+', '#', '../admin', '\0', '', 'x'.repeat(70_000)]) {
        const requested = exchange$(link, contract, { params: { car }, value: 'x' }, { timeout: 500 })
        await firstValueFrom(requested.pipe(materialize()))
      }
      await link.close()
      await broker.close()
      return attackOutcome(
        'rejected before a packet is sent',
        published.length > 0 && `${published.join()} was published`,
      )
    },
  },
  {
    name: 'the client id +/# in its own response topic',
    noPeerReason,
    run: async () => {
      const broker = createBroker()
      const subscribed: string[] = []
      broker.events$.subscribe((event) => {
        if (event.type === 'subscribed') subscribed.push(event.filter)
      })
      const link = broker.link({ clientId: '+/#' })
      const contract = endpoint({ topic: 'no-responder', request: text, response: text })
      await firstValueFrom(exchange$(link, contract, 'x', { timeout: 200 }).pipe(materialize()))
      await link.close()
      await broker.close()
      const wide = subscribed.filter((filter) => /[+#]/.test(filter))
      return attackOutcome(`encoded: ${subscribed.join()}`, wide.length > 0 && `subscribed to ${wide.join()}`)
    },
  },
)
