import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ForeignProgram,
  describeForeign,
  installCommands,
  isInstalled,
  skippedSuitesFile,
} from '@antiphon/workshop'
import { isFromPyPi } from '../src/foreign.js'
import { afterEach, describe, expect, it, vi } from 'vitest'

const absent = 'no-such-program' as ForeignProgram
const folder = mkdtempSync(join(tmpdir(), 'antiphon-skipped-'))

describe('describeForeign', () => {
  vi.stubEnv('ANTIPHON_SKIPPED_SUITES', join(folder, 'deep', 'skipped.jsonl'))
  vi.stubEnv('CI', '')
  describeForeign([absent], 'registers nothing', () => {
    it('must not be registered', () => expect.unreachable())
  })
  const written = skippedSuitesFile()
  vi.unstubAllEnvs()

  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('records the name and the missing programs of a suite that does not run', () => {
    expect(existsSync(written)).toBe(true)
    expect(JSON.parse(readFileSync(written, 'utf8').trim())).toEqual({
      suite: 'registers nothing',
      needs: [absent],
    })
  })

  it('reports a missing program as not installed', () => {
    expect(isInstalled(absent)).toBe(false)
  })
})

it('installs a package once for all programs that it contains', () => {
  expect(installCommands(['mosquitto', 'mosquitto_passwd', 'jest'])).toEqual([
    ['apt-get', 'install', '-y', 'mosquitto'],
    ['npm', 'install', '--global', expect.stringMatching(/^jest@/)],
  ])
})

it('installs paho 2 from PyPI, in an environment beside the paho 1 of Debian', () => {
  expect(installCommands(['python3-paho-mqtt', 'paho-mqtt-2'])).toEqual([
    ['apt-get', 'install', '-y', 'python3-paho-mqtt', 'python3-venv'],
    ['python3', '-m', 'venv', expect.stringMatching(/paho-mqtt-2$/)],
    [expect.stringMatching(/bin.python$/), '-m', 'pip', 'install', '--quiet', 'paho-mqtt==2.1.0'],
  ])
})

it('tells programs from PyPI, which not every machine reaches, from those of Debian', () => {
  expect((['paho-mqtt-2', 'python3-paho-mqtt', 'mosquitto'] as const).map(isFromPyPi)).toEqual([
    true,
    false,
    false,
  ])
})
