#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import * as module from 'node:module'
import { exitCodes } from './exit-codes.js'
import { Interruption } from './host.js'
import type { OutputStream } from './host.js'

// Node 22 keeps compiled code between two starts.
const { enableCompileCache } = module as { readonly enableCompileCache?: () => unknown }
enableCompileCache?.()

const controller = new AbortController()

const interrupt = (cause: string, exitCode: number): void => {
  // The user insists: whatever the command still waits for, it ends now.
  if (controller.signal.aborted) process.exit(exitCode)
  controller.abort(new Interruption(cause, exitCode))
}
process.on('SIGINT', () => interrupt('Ctrl-C', exitCodes.interrupted))
process.on('SIGTERM', () => interrupt('SIGTERM', exitCodes.terminated))

process.on('uncaughtException', (error) => {
  const isVerbose = process.argv.some((arg) => arg === '-v' || arg === '--verbose')
  const details = isVerbose ? error.stack : `${error.message}; --verbose shows where`
  process.stderr.write(`antiphon: unexpected error: ${details}\n`, () => process.exit(exitCodes.unexpected))
})

function outputStream(stream: NodeJS.WriteStream): OutputStream {
  let isClosed = false
  stream.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (isClosed) return
    isClosed = true
    interrupt(code === 'EPIPE' ? 'a closed pipe' : `an output that fails with ${code}`, exitCodes.closedPipe)
  })
  return {
    write: (chunk) =>
      new Promise((resolve) => {
        if (isClosed) resolve()
        else stream.write(chunk, () => resolve())
      }),
    isTerminal: stream.isTTY,
    columns: stream.isTTY ? stream.columns : 80,
  }
}

const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
const { version } = JSON.parse(manifest) as { readonly version: string }

// Loaded after the cache of compiled code has been switched on.
const { runProgram } = await import('./program.js')
const code = await runProgram(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: outputStream(process.stdout),
  stderr: outputStream(process.stderr),
  env: process.env,
  version,
  signal: controller.signal,
})
// An open standard input would keep the process running.
process.exit(code)
