import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readLedger, sharedNow, writeLedger } from '../../src/faults/ledger.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'antiphon-ledger-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('reads what was written, each line with its time, and leaves out a line that was cut off', () => {
  const file = join(folder, 'ledger')
  const before = sharedNow()
  const ledger = writeLedger(file)
  ledger.note({ event: 'asked', request: 'a/1' })
  ledger.note({ event: 'ran', request: 'a/1', as: '01 a/replies' })
  // Nothing waits to be written: another reader sees it while the writer lives.
  appendFileSync(file, '{"at":')
  const { who, life, events } = readLedger(file, 'responder-1', 2)
  ledger.close()
  expect({ who, life }).toEqual({ who: 'responder-1', life: 2 })
  expect(events.map(({ event }) => event)).toEqual(['asked', 'ran'])
  for (const { at } of events) expect(at).toBeGreaterThanOrEqual(before)
})
