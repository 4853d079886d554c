import { runCommand } from '@antiphon/broker/command'
import { Readable, Writable } from 'node:stream'
import type { Host, OutputStream } from '../host.js'

/** Runs the command of the broker until it is interrupted. Returns its exit code. */
export async function runBroker(args: readonly string[], host: Host): Promise<number> {
  let [isRunning, isReloadable]: [boolean, boolean] = [false, false]
  let closed: () => void = () => undefined
  const isClosed = new Promise<void>((resolve) => (closed = resolve))
  const code = await runCommand(args, {
    stdin: host.stdin instanceof Readable ? host.stdin : Readable.from(host.stdin),
    stdout: new Writable({
      write: (chunk: Uint8Array, _, done) => void host.stdout.write(chunk).then(() => done()),
    }),
    print: lineOf(host.stdout),
    printError: lineOf(host.stderr),
    prompt: (text) => void host.stderr.write(text),
    onSignal: (signal, listener) => {
      if (signal === 'SIGINT') {
        isRunning = true
        if (host.signal.aborted) listener()
        else host.signal.addEventListener('abort', listener, { once: true })
      }
      if (signal === 'SIGHUP' && !isReloadable) {
        isReloadable = true
        process.on('SIGHUP', listener)
      }
    },
    exit: () => undefined,
    version: () => host.version,
    onClosed: closed,
  })
  if (isRunning && code === 0) await isClosed
  return code
}

function lineOf(stream: OutputStream): (line: string) => void {
  return (line) => void stream.write(`${line}\n`)
}
