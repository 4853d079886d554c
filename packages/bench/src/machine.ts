import { execFileSync } from 'node:child_process'
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { foreignCommand } from '@antiphon/workshop'

/** The machine of a run, without its name or owner. */
export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memory: string
  readonly system: string
  readonly node: string
  readonly mosquitto: string
}

/** Describes this machine. */
export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    system: `${type()} ${release().split('-')[0] ?? ''} ${arch()}`,
    node: process.versions.node,
    mosquitto: mosquittoVersion(),
  }
}

function mosquittoVersion(): string {
  const command = foreignCommand('mosquitto')
  if (command === undefined) return 'not installed'
  try {
    // Mosquitto prints its version in the help, and exits with status 3.
    execFileSync(command, ['-h'], { stdio: 'pipe' })
    return 'unknown'
  } catch (error) {
    const { stdout } = error as { readonly stdout?: Buffer }
    return /version (\S+)/.exec(stdout?.toString() ?? '')?.[1] ?? 'unknown'
  }
}
