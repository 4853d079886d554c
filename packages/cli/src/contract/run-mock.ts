import { fromAsyncApi, mock } from '@antiphon/asyncapi'
import { readDocument } from '@antiphon/asyncapi/command'
import { cbor } from '@antiphon/codecs/cbor'
import { msgpack } from '@antiphon/codecs/msgpack'
import { AntiphonError } from '@antiphon/core'
import {
  filter,
  fromEvent,
  lastValueFrom,
  merge,
  of,
  Subject,
  take,
  tap,
  throwError,
  mergeMap,
  type Observable,
} from 'rxjs'
import { failingWith } from '../connection/failing-with.js'
import { openLink } from '../connection/open-link.js'
import { exitCodes } from '../exit-codes.js'
import type { MockFlags } from '../flags/mock-flags.js'
import type { Host } from '../host.js'
import { PrintQueue } from '../output/print-queue.js'
import { Printer } from '../output/printer.js'
import { printServed } from '../serve/print-requests.js'
import { usageError } from '../usage-error.js'

const codecs = { 'application/cbor': cbor, 'application/msgpack': msgpack }

/** Runs `antiphon mock` until it is interrupted. Returns the exit code. */
export async function runMock(file: string, flags: MockFlags, host: Host): Promise<number> {
  const printer = new Printer(flags, host)
  const prints = new PrintQueue()
  const document = await readDocument(file).catch((error: unknown) => {
    throw usageError(`cannot read ${file}: ${AntiphonError.from(error).rawMessage}`)
  })
  const { seed, fault: faults } = flags
  const names = operationsOf(document)
  const unknown = Object.keys(faults ?? {}).find((name) => name !== '*' && !names.includes(name))
  if (unknown !== undefined)
    throw usageError(`--fault names ${unknown}, which ${file} does not have: use ${names.join(', ')} or *`)
  const { link, broker, connected$ } = await openLink(flags, host.env, printer.printPacket)
  const failure$ = new Subject<unknown>()
  const mocked = mock(document, link, {
    codecs,
    ...(seed !== undefined && { seed }),
    ...(faults !== undefined && { faults }),
    onServed: (record) => prints.add(() => printServed(record, {}, printer)),
    onError: (error) => failure$.next(error),
  })
  const online$ = link.state$.pipe(
    filter(({ status }) => status === 'online'),
    take(1),
    tap(() =>
      prints.add(() =>
        printer.notice(`mocking ${file} at ${broker}, until Ctrl-C`, {
          type: 'ready',
          topic: names.join(' '),
        }),
      ),
    ),
    filter(() => false),
  )
  const interrupted$: Observable<unknown> = host.signal.aborted
    ? of(undefined)
    : fromEvent(host.signal, 'abort')
  try {
    const failed$ = failure$.pipe(mergeMap((error) => throwError(() => error)))
    await lastValueFrom(merge(online$, failed$, interrupted$).pipe(failingWith(connected$), take(1)))
    await prints.printed()
    return exitCodes.answered
  } finally {
    mocked.unsubscribe()
    await link.close()
  }
}

function operationsOf(document: unknown): readonly string[] {
  const { endpoints, unsupported } = fromAsyncApi(document, { codecs })
  const names = Object.keys(endpoints)
  if (names.length > 0) return names
  const reasons = unsupported.map(({ pointer, reason }) => `${pointer}: ${reason}`)
  throw usageError(`no operation of the document can be served: ${reasons.join('; ') || 'it has none'}`)
}
