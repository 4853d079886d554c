import { fork } from 'node:child_process'
import { once } from 'node:events'
import { endWithUs } from './children.js'
import type { Role } from '../peers/run-peer.js'

/** A process that takes part in a measurement. */
export interface Peer {
  /** Asks it to do something; rejects where it cannot, or has died meanwhile. */
  readonly call: <T>(command: string, argument?: unknown) => Promise<T>
  /** Milliseconds from its start until it was ready, by the clock of this process. */
  readonly readyAfter: number
  readonly stop: () => Promise<void>
}

/** How a process is started. */
export interface PeerOptions {
  /** Arguments for Node itself. */
  readonly node?: readonly string[]
}

/** What a process sends: that it is ready, that it died, or how a command ended. */
interface Report {
  readonly ready?: true
  readonly died?: string
  readonly id?: number
  readonly value?: unknown
  readonly error?: string
}

/** How long a process may think about one command. */
const deadline = 120_000

/** Starts a process in a role and resolves when it is ready. */
export function startPeer(file: string, role: Role, { node = [] }: PeerOptions = {}): Promise<Peer> {
  const began = performance.now()
  const child = fork(file, [JSON.stringify(role)], {
    execArgv: ['--expose-gc', ...node],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const killNow = (): void => void child.kill('SIGKILL')
  const letGo = endWithUs(killNow)
  let complaints = ''
  child.stderr
    ?.setEncoding('utf8')
    .on('data', (text: string) => (complaints = (complaints + text).slice(-2_000)))

  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  let last = 0
  let cause: Error | undefined
  const fail = (reason: string): void => {
    cause ??= new Error(reason)
    for (const { reject } of waiting.values()) reject(cause)
    waiting.clear()
  }
  const call = <T>(command: string, argument?: unknown): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (cause !== undefined) {
        reject(cause)
        return
      }
      const id = last++
      const timer = setTimeout(() => fail(`no word from it for ${deadline / 1_000} s`), deadline)
      const ended =
        <A>(settle: (value: A) => void) =>
        (value: A): void => {
          clearTimeout(timer)
          settle(value)
        }
      waiting.set(id, { resolve: ended(resolve), reject: ended(reject) })
      child.send({ id, command, argument })
    })

  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      killNow()
      reject(new Error('it was not ready in time'))
    }, deadline)
    child.on('message', ({ ready, died, id, value, error }: Report) => {
      if (ready === true) {
        clearTimeout(timer)
        const stop = async (): Promise<void> => {
          if (child.exitCode !== null || child.signalCode !== null) return
          const exit = once(child, 'exit')
          // It ends by itself when it is let go, and writes its profile.
          if (child.connected) child.disconnect()
          const timer = setTimeout(killNow, 5_000)
          await exit
          clearTimeout(timer)
        }
        resolve({ call, readyAfter: performance.now() - began, stop })
      } else if (died !== undefined) {
        fail(died)
      } else if (id !== undefined) {
        const settle = waiting.get(id)
        waiting.delete(id)
        if (error === undefined) settle?.resolve(value as never)
        else settle?.reject(new Error(error))
      }
    })
    child.once('exit', (code, signal) => {
      letGo()
      clearTimeout(timer)
      const [line = ''] = complaints.split('\n').filter((each) => /error/i.test(each))
      fail(`it ended with ${signal ?? code}${line === '' ? '' : `: ${line.trim()}`}`)
      // Cause is set by now.
      reject(cause ?? new Error('it ended'))
    })
  })
}
