import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { filter, firstValueFrom, fromEvent, map, ReplaySubject } from 'rxjs'

const cli = new URL('../src/cli.ts', import.meta.url).pathname

/** A running `antiphon-hub`. */
export interface HubProcess {
  /** Resolves with the first line that contains `part`, also if it was printed before. */
  readonly lineWith: (part: string) => Promise<string>
  /** Resolves with the first line that matches, also if it was printed before. */
  readonly lineMatching: (pattern: RegExp) => Promise<string>
  /** Ends the process by a signal and resolves with its exit code. */
  readonly end: (signal: 'SIGINT' | 'SIGKILL') => Promise<number | null>
}

/** Starts `antiphon-hub run` in its own process. */
export function startHub(args: readonly string[], env: NodeJS.ProcessEnv = {}): HubProcess {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', cli, 'run', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  const lines$ = new ReplaySubject<string>(1_000)
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  fromEvent(lines, 'line')
    .pipe(map(String))
    .subscribe((line) => lines$.next(line))
  const firstLine = (isFound: (line: string) => boolean): Promise<string> =>
    firstValueFrom(lines$.pipe(filter(isFound)))
  return {
    lineWith: (part) => firstLine((line) => line.includes(part)),
    lineMatching: (pattern) => firstLine((line) => pattern.test(line)),
    end: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      const exited = once(child, 'exit')
      child.kill(signal)
      const [code] = (await exited) as [number | null]
      return code
    },
  }
}
