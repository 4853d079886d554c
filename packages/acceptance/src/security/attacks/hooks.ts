import { setTimeout as wait } from 'node:timers/promises'
import { filter, firstValueFrom, mergeMap } from 'rxjs'
import { attackOutcome, attacksOn, type Attack } from '../test-bed/attack.js'
import { noPeerReason, withBroker } from '../test-bed/own-broker.js'

const persistent = { clean: false, properties: { sessionExpiryInterval: 100 } }
const messages = 100
const ghosts = 200

/** Attacks on an application that embeds the broker, through its observers and hooks. */
export const hooks: readonly Attack[] = attacksOn(
  'broker',
  {
    name: 'messages that are dropped, while the application publishes an alarm from its observer of each drop',
    noPeerReason,
    run: () =>
      withBroker({ limits: { queueMessages: 1 } }, async ({ broker, connect }) => {
        const slow = await connect('slow', persistent)
        await slow.subscribeAt(1, 'news')
        slow.cut()
        const alarms = await connect('alarms')
        await alarms.subscribe('alarm')
        const reader = await connect('reader')
        await reader.subscribe('news')
        const drops$ = broker.events$.pipe(filter(({ type }) => type === 'dropped'))
        const alarm = { topic: 'alarm', payload: Buffer.from('!'), qos: 0, retain: false } as const
        drops$.pipe(mergeMap(() => broker.publish$(alarm))).subscribe()
        const attacker = await connect('attacker')
        for (let count = 0; count < messages; count++)
          attacker.publish({ topic: 'news', payload: `${count}` })
        await attacker.flush()
        await reader.flush()
        await alarms.flush()
        const [news, raised] = [reader.messages('news').length, alarms.messages('alarm').length]
        const misdirected = reader.messages('alarm').length + alarms.messages('news').length
        return attackOutcome(
          `all ${messages} messages and ${raised} alarms reached their own subscribers`,
          news !== messages && `${news} of ${messages} messages reached their subscriber`,
          raised === 0 && 'no alarm was delivered',
          misdirected > 0 && `${misdirected} messages reached clients that did not subscribe to them`,
        )
      }),
  },
  {
    name: `${ghosts} clients that disconnect while their subscriptions are authorized`,
    noPeerReason,
    run: async () => {
      const decisions: (() => void)[] = []
      const authority = {
        authorizeSubscribe: (): Promise<'allow'> =>
          new Promise((resolve) => decisions.push(() => resolve('allow'))),
      }
      return withBroker({ authority, statsPeriod: 50 }, async ({ broker, connect }) => {
        for (let index = 0; index < ghosts; index++) {
          const attacker = await connect(`ghost-${index}`)
          void attacker.subscribe('ghost').catch(() => undefined)
          // A PINGREQ would wait for the decision too.
          while (decisions.length <= index && !attacker.isClosed) await wait(1)
          attacker.cut()
        }
        await firstValueFrom(broker.stats$.pipe(filter(({ connections }) => connections === 0)))
        for (const decide of decisions) decide()
        const publisher = await connect('publisher')
        publisher.publish({ topic: 'ghost' })
        const ack = await publisher.waitFor('PUBACK', ({ cmd }) => cmd === 'puback')
        const { subscriptions } = await firstValueFrom(broker.stats$)
        const reason = ack.cmd === 'puback' ? ack.reasonCode : undefined
        return attackOutcome(
          'no subscription is left, and PUBACK says so',
          decisions.length !== ghosts && `${decisions.length} of ${ghosts} subscriptions were authorized`,
          subscriptions > 0 && `${subscriptions} subscriptions of clients that have gone are left`,
          reason !== 0x10 && `PUBACK has the reason code ${reason}`,
        )
      })
    },
  },
)
