/** The role of a process of the benchmark, passed as one JSON argument; a scenario may add to it. */
export interface Role {
  readonly contestant: string
  readonly part: 'requester' | 'responder'
  readonly port: number
  readonly qos: 0 | 1 | 2
  /** How many endpoints are served and asked. @defaultValue 1 */
  readonly endpoints?: number
}

/** What a process can be asked to do, by name. */
export type Commands = Readonly<Record<string, (argument: never) => unknown>>

/** Bytes a process holds, after it collected its garbage. */
export interface Memory {
  readonly heap: number
  readonly external: number
  readonly resident: number
}

const common: Commands = {
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

/** Tells the benchmark that this process is of no more use, and why. */
export function die(reason: string): void {
  process.send?.({ died: reason })
}

/** Reads its role, starts in it, and runs commands until the benchmark disconnects. */
export async function runPeer<R extends Role>(start: (role: R) => Promise<Commands>): Promise<void> {
  process.on('disconnect', () => process.exit())
  process.on('uncaughtException', (error) => {
    die(error.message)
    console.error(error)
  })
  const commands = { ...common, ...(await start(JSON.parse(process.argv[2] ?? '{}') as R)) }
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
