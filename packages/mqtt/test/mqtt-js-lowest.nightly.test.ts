import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))

it('passes all tests of the package over the lowest accepted version of MQTT.js', () => {
  const vitest = join(createRequire(import.meta.url).resolve('vitest/package.json'), '..', 'vitest.mjs')
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [vitest, 'run', '--config', '.config/vitest.config.ts', 'packages/mqtt/test'],
    { cwd: root, env: { ...process.env, ANTIPHON_MQTT_JS: 'mqtt-lowest' }, encoding: 'utf8' },
  )
  expect(status, `${stdout}\n${stderr}`).toBe(0)
}, 900_000)
