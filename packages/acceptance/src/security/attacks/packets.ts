import { attacksOn, checkTarget, attackOutcome, type Attack } from '../test-bed/attack.js'
import type { TestBed } from '../test-bed/test-bed.js'

const publishTo = (topic: readonly number[]): Uint8Array =>
  Uint8Array.of(0x30, topic.length + 3, 0, topic.length, ...topic, 0)

/** Packets that violate MQTT. */
export const packets: readonly Attack[] = attacksOn(
  'broker',
  {
    name: 'topics with invalid UTF-8, with U+0000 or with wildcards, and an empty topic',
    run: (testBed) =>
      expectDisconnects(testBed, [
        publishTo([0x61, 0xc3, 0x28]),
        publishTo([0x61, 0x00]),
        publishTo([0x61, 0x2f, 0x2b]),
        publishTo([]),
      ]),
  },
  {
    name: 'a Remaining Length of 268 435 455, one of five bytes, a packet of type 0, random bytes',
    run: (testBed) =>
      expectDisconnects(testBed, [
        Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1, 0x61),
        Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff, 0x7f),
        Uint8Array.of(0x00, 0x00),
        Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff),
      ]),
  },
  {
    name: '200 connections that send nothing, or only one byte',
    run: async (testBed) => {
      const connections = Array.from({ length: 200 }, () => testBed.connection())
      for (const [index, connection] of connections.entries())
        if (index % 2 === 0) connection.write(Uint8Array.of(0x10))
      const targetFault = await checkTarget(testBed)
      const closed = await Promise.all(connections.map((connection) => connection.isClosedWithin(4_000)))
      const left = closed.filter((isClosed) => !isClosed).length
      return attackOutcome(
        'disconnected after the CONNECT timeout',
        left > 0 && `${left} are still connected after 4 s`,
        targetFault,
      )
    },
  },
  {
    name: '5 000 subscriptions of one client',
    run: async (testBed) => {
      const attacker = await testBed.attacker()
      for (let batch = 0; batch < 50; batch++) {
        if (attacker.isClosed) break
        const topics = Array.from({ length: 100 }, (_, index) => `flood/${batch}/${index}/+/#`)
        await attacker.subscribe(...topics).catch(() => undefined)
      }
      const granted = attacker.received.flatMap((packet) =>
        packet.cmd === 'suback' ? packet.granted.filter((code) => Number(code) < 0x80) : [],
      ).length
      const targetFault = await checkTarget(testBed)
      return attackOutcome(
        `${granted} granted, the others rejected`,
        granted >= 5_000 && 'all granted',
        targetFault,
      )
    },
  },
)

/** Sends each packet from a separate client. The broker must disconnect each client and keep serving the others. */
async function expectDisconnects(
  testBed: TestBed,
  invalidPackets: readonly Uint8Array[],
): ReturnType<Attack['run']> {
  let left = 0
  for (const bytes of invalidPackets) {
    const attacker = await testBed.attacker()
    attacker.write(bytes)
    if (!(await attacker.isClosedWithin(2_000))) left += 1
  }
  return attackOutcome(
    'disconnected; other clients are not affected',
    left > 0 && `${left} of ${invalidPackets.length} stayed connected`,
    await checkTarget(testBed),
  )
}
