import { fork } from 'node:child_process'
import { once } from 'node:events'
import { killOnExit } from './children.js'
import type { Role } from '../peers/run-peer.js'

/** A requester or responder process. */
export interface Peer {
  readonly pid: number
  /** Runs a command in the process; rejects if the command fails or the process has failed. */
  readonly call: <T>(command: string, argument?: unknown) => Promise<T>
  /** Milliseconds from the start of the process until it was ready. */
  readonly readyAfter: number
  readonly stop: () => Promise<void>
}

/** Options of a process. */
export interface PeerOptions {
  /** Command line options of Node. */
  readonly node?: readonly string[]
}

/** A message of a process: it is ready, it has failed, or a command has settled. */
interface Report {
  readonly ready?: true
  readonly died?: string
  readonly id?: number
  readonly value?: unknown
  readonly error?: string
}

/** The timeout of a command and of the start, in milliseconds. */
const commandTimeout = 120_000

/** Starts a process in a role and resolves when it is ready. */
export function startPeer(file: string, role: Role, { node = [] }: PeerOptions = {}): Promise<Peer> {
  const began = performance.now()
  const child = fork(file, [JSON.stringify(role)], {
    execArgv: ['--expose-gc', ...node],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const killNow = (): void => void child.kill('SIGKILL')
  const removeExitHook = killOnExit(killNow)
  let errorOutput = ''
  child.stderr
    ?.setEncoding('utf8')
    .on('data', (text: string) => (errorOutput = (errorOutput + text).slice(-2_000)))

  const pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  let last = 0
  let cause: Error | undefined
  const fail = (reason: string): void => {
    cause ??= new Error(reason)
    for (const { reject } of pending.values()) reject(cause)
    pending.clear()
  }
  const call = <T>(command: string, argument?: unknown): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (cause !== undefined) {
        reject(cause)
        return
      }
      const id = last++
      const timer = setTimeout(() => fail(`no reaction within ${commandTimeout / 1_000} s`), commandTimeout)
      const ended =
        <A>(settle: (value: A) => void) =>
        (value: A): void => {
          clearTimeout(timer)
          settle(value)
        }
      pending.set(id, { resolve: ended(resolve), reject: ended(reject) })
      child.send({ id, command, argument })
    })

  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      killNow()
      reject(new Error(`the process was not ready within ${commandTimeout / 1_000} s`))
    }, commandTimeout)
    child.on('message', ({ ready, died, id, value, error }: Report) => {
      if (ready === true) {
        clearTimeout(timer)
        const stop = async (): Promise<void> => {
          if (child.exitCode !== null || child.signalCode !== null) return
          const exit = once(child, 'exit')
          // The process exits on disconnect, after writing its profile.
          if (child.connected) child.disconnect()
          const timer = setTimeout(killNow, 5_000)
          await exit
          clearTimeout(timer)
        }
        resolve({ pid: child.pid ?? 0, call, readyAfter: performance.now() - began, stop })
      } else if (died !== undefined) {
        fail(died)
      } else if (id !== undefined) {
        const settle = pending.get(id)
        pending.delete(id)
        if (error === undefined) settle?.resolve(value as never)
        else settle?.reject(new Error(error))
      }
    })
    child.once('exit', (code, signal) => {
      removeExitHook()
      clearTimeout(timer)
      const [line = ''] = errorOutput.split('\n').filter((text) => /error/i.test(text))
      fail(`the process exited with ${signal ?? code}${line === '' ? '' : `: ${line.trim()}`}`)
      // `fail` has set the cause.
      reject(cause ?? new Error('the process exited'))
    })
  })
}
