import { bundlePrograms } from '@antiphon/workshop/bundle'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

/** Of 8 GiB for 100 000 devices, which leaves a half for their requests and for the garbage. */
const BYTES_PER_LINK = 40_000

/** Of CPU, in a process that has just started; most of it is compiled code later. */
const MICROSECONDS_PER_REQUEST = 3_000

it('needs no more memory for a device and no more CPU for a request than a fleet of 100 000 allows', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-simulation-'))
  try {
    const source = fileURLToPath(new URL('../src/measure.ts', import.meta.url))
    await bundlePrograms({ sources: { measure: source }, folder })
    const output = execFileSync(process.execPath, ['--expose-gc', join(folder, 'measure.mjs')], {
      encoding: 'utf8',
    })
    const cost = JSON.parse(output) as Readonly<Record<'bytesPerLink' | 'microsecondsPerRequest', number>>
    expect(cost.bytesPerLink).toBeLessThan(BYTES_PER_LINK)
    expect(cost.bytesPerLink).toBeGreaterThan(5_000)
    expect(cost.microsecondsPerRequest).toBeLessThan(MICROSECONDS_PER_REQUEST)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
