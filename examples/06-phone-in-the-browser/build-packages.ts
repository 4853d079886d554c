/** Builds the packages of the page, as `pnpm build` does. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const packages = new URL('../../packages/azure-topic-spaces/', import.meta.url)
const compiler = new URL('../../node_modules/typescript/bin/tsc', import.meta.url)

/** Compiles the adapter and its dependencies, if they are not up to date. */
export async function buildPackages(): Promise<void> {
  // The compiler trusts its build info even if the output was deleted.
  const force = existsSync(new URL('dist/index.js', packages)) ? [] : ['--force']
  const args = [fileURLToPath(compiler), '-b', fileURLToPath(packages), ...force]
  await promisify(execFile)(process.execPath, args).catch((error: { stdout?: string }) => {
    throw new Error(`cannot build the packages:\n${error.stdout ?? ''}`, { cause: error })
  })
}
