import { attacksOn, stillWorks, verdict, type Attack } from '../attack.js'
import type { Ground } from '../ground.js'

const publishTo = (topic: readonly number[]): Uint8Array =>
  Uint8Array.of(0x30, topic.length + 3, 0, topic.length, ...topic, 0)

/** Packets that break MQTT itself. */
export const packets: readonly Attack[] = attacksOn(
  'broker',
  {
    tried: 'topics with invalid UTF-8, with U+0000, with wildcards, empty',
    run: (ground) =>
      thrownOut(ground, [
        publishTo([0x61, 0xc3, 0x28]),
        publishTo([0x61, 0x00]),
        publishTo([0x61, 0x2f, 0x2b]),
        publishTo([]),
      ]),
  },
  {
    tried: 'a Remaining Length of 268 435 455, one of five bytes, a packet of type 0, a packet after rubbish',
    run: (ground) =>
      thrownOut(ground, [
        Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1, 0x61),
        Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff, 0x7f),
        Uint8Array.of(0x00, 0x00),
        Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff),
      ]),
  },
  {
    tried: '200 connections that say nothing, or one byte and no more',
    run: async (ground) => {
      const strangers = Array.from({ length: 200 }, () => ground.stranger())
      for (const [index, stranger] of strangers.entries())
        if (index % 2 === 0) stranger.write(Uint8Array.of(0x10))
      const broken = await stillWorks(ground)
      const gone = await Promise.all(strangers.map((stranger) => stranger.isThrownOut(4_000)))
      const left = gone.filter((isGone) => !isGone).length
      return verdict(
        'thrown out when CONNECT was due',
        left > 0 && `${left} are still there after 4 s`,
        broken,
      )
    },
  },
  {
    tried: '5 000 subscriptions of one client',
    run: async (ground) => {
      const attacker = await ground.attacker()
      for (let batch = 0; batch < 50; batch++) {
        if (attacker.isClosed) break
        const topics = Array.from({ length: 100 }, (_, index) => `flood/${batch}/${index}/+/#`)
        await attacker.subscribe(...topics).catch(() => undefined)
      }
      const granted = attacker.received.flatMap((packet) =>
        packet.cmd === 'suback' ? packet.granted.filter((code) => Number(code) < 0x80) : [],
      ).length
      const broken = await stillWorks(ground)
      return verdict(
        `${granted} were granted, the rest refused`,
        granted >= 5_000 && 'all were granted',
        broken,
      )
    },
  },
)

/** Each by a client of its own; holds when each client is thrown out and nobody else notices. */
async function thrownOut(ground: Ground, broken: readonly Uint8Array[]): ReturnType<Attack['run']> {
  let left = 0
  for (const bytes of broken) {
    const attacker = await ground.attacker()
    attacker.write(bytes)
    if (!(await attacker.isThrownOut(2_000))) left += 1
  }
  return verdict(
    'the connection ends, nobody else notices',
    left > 0 && `${left} of ${broken.length} were let go on`,
    await stillWorks(ground),
  )
}
