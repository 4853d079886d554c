import type { Broker, Listener } from '@antiphon/broker'
import { commandLog, type CommandLog } from '@antiphon/broker/command'
import { AntiphonError } from '@antiphon/core'
import { concatMap, from, merge, of, takeUntil, type Observable } from 'rxjs'
import type { CommandLine } from './command-line.js'
import type { Listening } from './listening.js'
import { changes$ } from './state-file.js'

/** The terminal of a program. */
export interface Terminal {
  /** Prints a line to standard output. */
  readonly print: (line: string) => void
  /** Prints an error that the program survives. */
  readonly printError: (line: string) => void
  /** Emits on Ctrl-C. */
  readonly stop$: Observable<unknown>
}

/** A stand-in, the file with its state, and where it listens. */
export interface StandIn extends Pick<Broker, 'listen' | 'close' | 'events$'> {
  readonly file: string
  readonly listening: Listening
  readonly log: CommandLog
  /**
   * Loads the file and resolves with the authorities of clients, PEM, and with what was loaded, in a line for the user. Rejects
   * before anything has changed.
   */
  readonly load: () => Promise<{ readonly authorities: readonly string[]; readonly summary: string }>
}

/** Returns the log that a command line selects. */
export function standInLog(
  { isSet }: Pick<CommandLine<never, 'verbose' | 'json'>, 'isSet'>,
  { print }: Terminal,
): CommandLog {
  return commandLog({ print, json: isSet('json'), ...(isSet('verbose') && { verbose: true }) })
}

/** Runs a stand-in, reloads its file when it changes, and closes it on Ctrl-C. */
export async function runStandIn(
  { file, listening, log, load, listen, close, events$ }: StandIn,
  { printError, stop$ }: Terminal,
): Promise<void> {
  events$.subscribe(log.event)
  let listeners: readonly Listener[] = []
  const start = async (): Promise<void> => {
    const { authorities, summary } = await load()
    log.notice(summary)
    listening.instructions.forEach(log.notice)
    for (const options of listening.listeners(authorities)) {
      const listener = await listen(options)
      listeners = [...listeners, listener]
      log.notice(`listening on ${listener.url}`)
    }
  }
  const reload = async (): Promise<void> => {
    const { authorities, summary } = await load()
    for (const [index, options] of listening.listeners(authorities).entries())
      if ('tls' in options) listeners[index]?.updateTls(options.tls)
    log.notice(summary)
  }
  const reloadSafely = (): Promise<void> =>
    reload().catch((error: unknown) => printError(AntiphonError.from(error).rawMessage))
  // Subscribes to changes before the first load, so that no change is missed.
  await merge(changes$(file), of(undefined))
    .pipe(
      concatMap((_, index) => from(index === 0 ? start() : reloadSafely())),
      takeUntil(stop$),
    )
    .forEach(() => undefined)
  await close()
  log.notice('closed')
}
