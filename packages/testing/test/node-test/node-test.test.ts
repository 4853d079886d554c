import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const fixture = fileURLToPath(new URL('./thermostat.ts', import.meta.url))

/** Runs the fixture with Node's own test runner, in an environment that does not know of the one around it. */
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

it("marble tests run in Node's own test runner, and fail there when they should", async () => {
  const { code, output } = await nodeTest()
  expect(output).toMatch(/\bok 1 - answers/)
  expect(output).toMatch(/not ok 2 - answers otherwise, which is not so/)
  expect(output).toContain("published under 'answer': expected (-), but saw (+)")
  expect(output).toContain('payload: "22.5"')
  expect(code).toBe(1)
})
