import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundlePath } from '../process/bundle.js'
import { ledgerFiles, type Ledgers } from './contract.js'
import { KilledProcess } from './killed-process.js'

/** The processes that are killed while the others work. */
export interface KillCase {
  readonly name: string
  readonly killed: readonly ('requester' | 'responder')[]
}

/** The inputs of a run. */
export interface CaseSetting {
  readonly url: string
  readonly folder: string
  /** How often each process of the case is killed. */
  readonly kills: number
  readonly seed: number
}

/** Each process is killed after 1 to so many events since its start. */
const maxEvents = 60

/** Kills the processes of a case under load, lets the last ones finish, and returns the ledgers. */
export async function runCase(
  { killed }: KillCase,
  { url, folder, kills, seed }: CaseSetting,
): Promise<Ledgers> {
  await mkdir(folder, { recursive: true })
  const processOf = (name: 'requester' | 'responder'): KilledProcess =>
    new KilledProcess({
      file: bundlePath('durability', name),
      role: { url, folder },
      log: join(folder, `${name}.log`),
    })
  const processes = { requester: processOf('requester'), responder: processOf('responder') }
  const all = Object.values(processes)
  try {
    await Promise.all(all.map((process) => process.start()))
    await Promise.all(
      killed.map(async (name, index) => {
        const process = processes[name]
        for (let kill = 0; kill < kills; kill++) {
          await process.received('progress', eventsBefore(seed + index, kill))
          await process.kill()
          await process.start()
        }
      }),
    )
    const finished = processes.requester.received('finished')
    processes.requester.send('finish')
    await finished
  } finally {
    await Promise.all(all.map((process) => process.kill()))
  }
  return readLedgers(folder)
}

/** A number of events, different for every kill. */
function eventsBefore(seed: number, kill: number): number {
  return 1 + ((seed * 17 + kill * 37) % maxEvents)
}

async function readLedgers(folder: string): Promise<Ledgers> {
  const linesOf = async (file: string): Promise<readonly string[]> =>
    (await readFile(join(folder, file), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
  const [sent, handled, outcomes] = await Promise.all([
    linesOf(ledgerFiles.sent),
    linesOf(ledgerFiles.handled),
    linesOf(ledgerFiles.outcomes),
  ])
  return {
    sent,
    handled,
    outcomes: outcomes.map((line) => {
      const space = line.indexOf(' ')
      return [line.slice(0, space), line.slice(space + 1)]
    }),
  }
}
