import { json } from '@antiphon/core'
import * as z from 'zod'
import { antiphon, byHand } from '../names.js'
import { scenario, type AnyScenario } from '../scenario.js'

const operations = 50_000

const Command = z.object({
  id: z.uuid(),
  at: z.iso.datetime(),
  vin: z.string().min(11).max(17),
  command: z.discriminatedUnion('name', [
    z.object({
      name: z.literal('unlock'),
      doors: z.array(z.enum(['front-left', 'front-right', 'rear-left', 'rear-right'])),
    }),
    z.object({ name: z.literal('climate'), celsius: z.number().min(14).max(30) }),
  ]),
  priority: z.int().min(0).max(9),
})

const payload = new TextEncoder().encode(
  JSON.stringify({
    id: '0b9a3c1e-5b0f-4c39-9a3e-2f8a3a2d7d11',
    at: '2026-01-02T03:04:05.678Z',
    vin: 'WVWZZZ1JZXW000001',
    command: { name: 'unlock', doors: ['front-left', 'rear-right'] },
    priority: 3,
  }),
)

/** Measures the CPU time to decode a payload through a schema of zod. */
export function decoding(): AnyScenario {
  return scenario<() => unknown>({
    section: 'Decoding',
    about: 'CPU time to decode a payload. Map: TextDecoder, JSON.parse and zod.',
    contestants: [antiphon, byHand],
    isInterleaved: true,
    start: async (name) => (name === antiphon ? withAntiphon() : withZodAlone()),
    warm: async (decode) => cpuOf(decode),
    stop: async () => undefined,
    rows: [
      {
        title: `JSON of ${payload.length} bytes through a schema of zod`,
        facts: { kind: 'decode', schema: 'zod' },
        seconds: 1,
        measure: async (decode) => ({ cpu: cpuOf(decode) }),
      },
    ],
  })
}

function withAntiphon(): () => unknown {
  const codec = json(Command)
  return () => codec.decode(payload)
}

function withZodAlone(): () => unknown {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return () => Command.parse(JSON.parse(decoder.decode(payload)))
}

/** Returns the CPU time of one call in microseconds. */
function cpuOf(decode: () => unknown): number {
  const before = process.cpuUsage()
  for (let index = 0; index < operations; index += 1) decode()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / operations
}
