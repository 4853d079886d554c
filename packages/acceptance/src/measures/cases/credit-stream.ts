import { AntiphonError, exchange$, type RequestsOptions, type EndpointTypes } from '@antiphon/core'
import { map, range } from 'rxjs'
import { counted, type Measure, type MeasureContext, type MeasureResult } from '../measure/measure.js'
import { group, numbers } from './contracts.js'
import { startResponder } from './start-responder.js'

/** Reads a long stream at a credit of 1. */
export const creditStream: Measure = {
  name: 'items of a stream with a credit of 1',
  design: 'Acknowledgement',
  target: 'all',
  needsGroups: false,
  isLong: true,
  run: (context) => readStream(context, { credit: 1, members: 1 }),
}

/** Reads a long stream of a group at a credit of 16. */
export const groupStreams: readonly Measure[] = [2, 3, 10].map((members) => ({
  name: `items of a stream with a credit of 16, from a group of ${members}`,
  design: 'Groups',
  target: 'all',
  needsGroups: true,
  run: (context) => readStream(context, { credit: 16, members, options: { group } }),
}))

interface StreamSetup {
  readonly credit: number
  readonly members: number
  readonly options?: RequestsOptions<EndpointTypes>
}

async function readStream(
  { connect, items }: MeasureContext,
  { credit, members, options = {} }: StreamSetup,
): Promise<MeasureResult> {
  for (let member = 0; member < members; member++)
    await startResponder(
      connect(`member-${member}`),
      numbers,
      () => range(items).pipe(map((item) => String(item))),
      options,
    )
  const start = performance.now()
  let received = 0
  const error = await new Promise<AntiphonError | undefined>((resolve) =>
    exchange$(connect('requester'), numbers, 'all', { credit, timeout: 20_000 }).subscribe({
      next: (item) => {
        if (item === String(received)) received += 1
      },
      error: (cause: unknown) => resolve(AntiphonError.from(cause)),
      complete: () => resolve(undefined),
    }),
  )
  const rate = (received * 1_000) / (performance.now() - start)
  const failure = error === undefined ? '' : `; ended with ${error.message}`
  return counted(received, items, `${Math.round(rate).toLocaleString('en')} items/s${failure}`)
}
