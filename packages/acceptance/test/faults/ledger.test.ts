import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readLedger, sharedNow, writeLedger } from '../../src/faults/run/ledger.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'antiphon-ledger-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('reads the written events with their times and skips a truncated line', () => {
  const file = join(folder, 'ledger')
  const before = sharedNow()
  const ledger = writeLedger(file)
  ledger.append({ event: 'sent', request: 'a/1' })
  ledger.append({ event: 'handler-started', request: 'a/1', identity: '01 a/responses' })
  // The writer does not buffer: events can be read before it is closed.
  appendFileSync(file, '{"at":')
  const { process, restarts, events } = readLedger(file, 'responder-1', 2)
  ledger.close()
  expect({ process, restarts }).toEqual({ process: 'responder-1', restarts: 2 })
  expect(events.map(({ event }) => event)).toEqual(['sent', 'handler-started'])
  for (const { at } of events) expect(at).toBeGreaterThanOrEqual(before)
})
