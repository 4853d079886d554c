import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const fixture = fileURLToPath(new URL('./thermostat.ts', import.meta.url))

/** Runs the fixture with the Node test runner, without the environment variables of the outer one. */
function nodeTest(): Promise<{ readonly code: number | string | null; readonly output: string }> {
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', '--test', '--test-reporter', 'tap', fixture],
      { env, cwd: fileURLToPath(new URL('.', import.meta.url)) },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    )
  })
}

it('passes and fails marble tests in the Node test runner as expected', async () => {
  const { code, output } = await nodeTest()
  expect(output).toMatch(/\bok 1 - responds with the expected temperature/)
  expect(output).toMatch(/not ok 2 - fails on another temperature/)
  expect(output).toContain("published under 'result': expected (-), but saw (+)")
  expect(output).toContain('payload: "22.5"')
  expect(code).toBe(1)
})
