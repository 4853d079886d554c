/** Brings what is built of the packages up to date, as `pnpm build` does. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const packages = new URL('../../packages/azure-topic-spaces/', import.meta.url)
const compiler = new URL('../../node_modules/typescript/bin/tsc', import.meta.url)

/** Compiles the adapter and what it stands on; takes a moment where all is up to date. */
export async function buildPackages(): Promise<void> {
  // The compiler believes its notes even where somebody deleted what it made.
  const anew = existsSync(new URL('dist/index.js', packages)) ? [] : ['--force']
  const args = [fileURLToPath(compiler), '-b', fileURLToPath(packages), ...anew]
  await promisify(execFile)(process.execPath, args).catch((error: { stdout?: string }) => {
    throw new Error(`the packages do not compile:\n${error.stdout ?? ''}`, { cause: error })
  })
}
