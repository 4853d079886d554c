import { firstValueFrom } from 'rxjs'
import { attackOutcome, attacksOn, type Attack } from '../test-bed/attack.js'
import { noPeerReason, withBroker, type OwnBroker } from '../test-bed/own-broker.js'

const mebibyte = 2 ** 20
const persistent = { clean: false, properties: { sessionExpiryInterval: 100 } }

/** Attacks on the memory of the broker by many clients together. */
export const memory: readonly Attack[] = attacksOn(
  'broker',
  {
    name: 'queues of 40 absent clients that together exceed the limit of all sessions',
    noPeerReason,
    run: () =>
      withBroker({ limits: { totalBytes: 4 * mebibyte }, statsPeriod: 50 }, async (own) => {
        const { broker, connect } = own
        for (let index = 0; index < 40; index++) {
          const absent = await connect(`absent-${index}`, persistent)
          await absent.subscribeAt(1, `flood/${index}`)
          absent.cut()
        }
        const attacker = await connect('attacker')
        for (let round = 0; round < 10; round++) {
          for (let index = 0; index < 40; index++)
            attacker.publish({ topic: `flood/${index}`, payload: Buffer.alloc(100_000) })
          await attacker.flush()
        }
        const { totalBytes } = await firstValueFrom(broker.stats$)
        return attackOutcome(
          `the sessions take ${(totalBytes / mebibyte).toFixed(1)} MiB of 4 MiB`,
          totalBytes > 4 * mebibyte && `the sessions take ${(totalBytes / mebibyte).toFixed(1)} MiB of 4 MiB`,
          await checkService(own),
        )
      }),
  },
  {
    name: '200 sessions of absent clients in a table of 50',
    noPeerReason,
    run: () =>
      withBroker({ limits: { sessions: 50 }, statsPeriod: 50 }, async (own) => {
        const { broker, connect } = own
        for (let index = 0; index < 200; index++) (await connect(`absent-${index}`, persistent)).cut()
        const { sessions } = await firstValueFrom(broker.stats$)
        return attackOutcome(
          `${sessions} sessions are kept, and new clients are admitted`,
          sessions > 50 && `${sessions} sessions are kept`,
          await checkService(own),
        )
      }),
  },
  {
    name: '100 clients that send 60 kB of a CONNECT and no more',
    noPeerReason,
    run: () =>
      withBroker({ limits: { unauthenticatedBytes: mebibyte } }, async (own) => {
        const attackers = Array.from({ length: 100 }, () => own.connection())
        // A CONNECT of 65 000 bytes.
        const part = Buffer.alloc(60_000)
        part.set([0x10, 0xe8, 0xfb, 0x03, 0, 4, 0x4d, 0x51, 0x54, 0x54, 5, 2, 0, 0, 0])
        for (const attacker of attackers) attacker.write(part)
        const closed = await Promise.all(attackers.map((attacker) => attacker.isClosedWithin(2_000)))
        const kept = closed.filter((isClosed) => !isClosed).length
        return attackOutcome(
          `${kept} of them may wait, the others are disconnected`,
          kept * part.length > mebibyte &&
            `${kept} of them hold ${Math.round((kept * part.length) / 1_000)} kB`,
          await checkService(own),
        )
      }),
  },
)

/** Checks that two new clients can exchange a message; resolves with `false` or with the fault. */
async function checkService({ connect }: OwnBroker): Promise<string | false> {
  const reader = await connect('newcomer-reader')
  await reader.subscribe('service')
  const writer = await connect('newcomer-writer')
  writer.publish({ topic: 'service', payload: 'fine' })
  const arrived = await reader
    .waitFor('the message', ({ cmd }) => cmd === 'publish')
    .then(
      () => true,
      () => false,
    )
  return !arrived && 'new clients cannot exchange a message'
}
