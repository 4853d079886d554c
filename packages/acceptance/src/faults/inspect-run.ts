import { readRecording } from '@antiphon/inspector'
import { ExchangeLog, type ExchangeRow } from '@antiphon/inspector/log'
import { requestIn, work } from './run/contract.js'
import type { InspectedRun } from './run/inspected-run.js'

/** More exchanges than a run has. */
const bounds = { exchanges: 200_000 }

/** Reads the events of all processes of a run into the inspector, and returns what it shows. */
export async function inspectRun(files: readonly string[]): Promise<InspectedRun> {
  const log = new ExchangeLog(bounds)
  let unreadable = 0
  for (const file of files) unreadable += await readRecording(file, (event) => log.add(event))
  return { ...toInspectedRun(log), unreadable }
}

/** Returns what a log of the inspector shows. */
export function toInspectedRun({ rows, dropped, forgotten }: ExchangeLog): Omit<InspectedRun, 'unreadable'> {
  const handlerRuns: Record<string, number> = {}
  for (const { events } of rows)
    for (const event of events)
      if (event.kind === 'started' && event.endpoint === work.name)
        handlerRuns[event.client] = (handlerRuns[event.client] ?? 0) + 1
  return {
    exchanges: rows.flatMap((row) => {
      const { requester, endpoint, outcome } = row
      return requester === undefined ? [] : [{ requester, endpoint, name: nameOf(row), outcome }]
    }),
    handlerRuns,
    lost: dropped + forgotten,
  }
}

function nameOf({ request }: ExchangeRow): string | undefined {
  return request?.payload === undefined ? undefined : requestIn(new TextEncoder().encode(request.payload))
}
