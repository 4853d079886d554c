import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ForeignProgram, describeForeign, foreign, notRunFile } from '@antiphon/workshop'
import { afterEach, describe, expect, it, vi } from 'vitest'

const absent = 'no-such-program' as ForeignProgram
const folder = mkdtempSync(join(tmpdir(), 'antiphon-not-run-'))

describe('describeForeign', () => {
  vi.stubEnv('ANTIPHON_NOT_RUN', join(folder, 'deep', 'not-run.json'))
  vi.stubEnv('CI', '')
  describeForeign([absent], 'registers nothing', () => {
    it('must not be registered', () => expect.unreachable())
  })
  const written = notRunFile()
  vi.unstubAllEnvs()

  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('leaves the name and the needs of what did not run', () => {
    expect(existsSync(written)).toBe(true)
    expect(JSON.parse(readFileSync(written, 'utf8').trim())).toEqual({
      suite: 'registers nothing',
      needs: [absent],
    })
  })

  it('knows what is not there', () => {
    expect(foreign(absent)).toBe(false)
  })
})
