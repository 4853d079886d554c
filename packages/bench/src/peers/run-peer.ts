/** The role of a process of the benchmark, passed as one JSON argument; a scenario may add properties. */
export interface Role {
  readonly contestant: string
  readonly part: 'requester' | 'responder'
  readonly port: number
  readonly qos: 0 | 1 | 2
  /**
   * The number of endpoints.
   *
   * @defaultValue 1
   */
  readonly endpoints?: number
}

/** The commands of a process, by name. */
export type Commands = Readonly<Record<string, (argument: never) => unknown>>

/** The memory of a process in bytes, after a garbage collection. */
export interface Memory {
  readonly heap: number
  readonly external: number
  readonly resident: number
}

const commonCommands: Commands = {
  cpu: () => {
    const { user, system } = process.cpuUsage()
    return user + system
  },
  memory: (): Memory => {
    globalThis.gc?.()
    globalThis.gc?.()
    const { heapUsed, external, rss } = process.memoryUsage()
    return { heap: heapUsed, external, resident: rss }
  },
}

/** Reports to the benchmark that this process has failed. */
export function reportFailure(reason: string): void {
  process.send?.({ died: reason })
}

/** Reads the role, starts, and runs commands until the benchmark disconnects. */
export async function runPeer<R extends Role>(start: (role: R) => Promise<Commands>): Promise<void> {
  process.on('disconnect', () => process.exit())
  process.on('uncaughtException', (error) => {
    reportFailure(error.message)
    console.error(error)
  })
  const commands = { ...commonCommands, ...(await start(JSON.parse(process.argv[2] ?? '{}') as R)) }
  process.on('message', ({ id, command, argument }: { id: number; command: string; argument: never }) => {
    void Promise.resolve()
      .then(() => commands[command]?.(argument))
      .then(
        (value) => process.send?.({ id, value }),
        (error: unknown) =>
          process.send?.({ id, error: error instanceof Error ? error.message : String(error) }),
      )
  })
  process.send?.({ ready: true })
}
