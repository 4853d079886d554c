import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describeForeign, foreignCommand } from '@antiphon/workshop'
import { expect, it } from 'vitest'

const folder = fileURLToPath(new URL('.', import.meta.url))
const fixture = fileURLToPath(new URL('./thermostat.ts', import.meta.url))

/** Maps imports of compiled `.js` files to their TypeScript sources. */
const config = {
  rootDir: folder,
  roots: [folder],
  testMatch: [fixture],
  transform: { '\\.ts$': '<rootDir>/typescript.mjs' },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.+)\\.js$': ['$1.ts', '$1.js'] },
  cache: false,
}

/** Runs the fixture with Jest, without the environment variables of the outer test runner. */
function jest(): Promise<{ readonly code: number | string | null; readonly output: string }> {
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    NODE_OPTIONS: '--experimental-vm-modules',
  }
  return new Promise((resolve) => {
    execFile(
      foreignCommand('jest') ?? '',
      ['--config', JSON.stringify(config), '--runInBand', '--no-color'],
      { env, cwd: folder },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    )
  })
}

describeForeign(['jest'], 'marble tests in Jest', () => {
  it('passes and fails marble tests in Jest as expected', async () => {
    const { code, output } = await jest()
    expect(output).toMatch(/✓ responds with the expected temperature /)
    expect(output).toMatch(/✕ fails on another temperature/)
    expect(output).toContain("published under 'result': expected (-), but saw (+)")
    expect(output).toMatch(/-\s+payload: "22\.5"\n\s+\+\s+payload: "21\.5"/)
    expect(output).toContain('1 failed, 1 passed, 2 total')
    expect(code).toBe(1)
  })
})
