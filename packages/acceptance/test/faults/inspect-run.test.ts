import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exchange$, requests$, serve } from '@antiphon/core'
import { observed } from '@antiphon/core/events'
import { createBroker } from '@antiphon/broker'
import { firstValueFrom, lastValueFrom, of } from 'rxjs'
import { expect, it, onTestFinished } from 'vitest'
import { inspectRun } from '../../src/faults/inspect-run.js'
import { writeEvents } from '../../src/faults/processes/event-file.js'
import { work } from '../../src/faults/run/contract.js'

it('shows the exchanges and handler runs in the events of two processes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-events-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const broker = createBroker()
  onTestFinished(() => broker.close())
  const [requests, responses] = [join(folder, 'requester-1.ndjson'), join(folder, 'responder-1.ndjson')]
  const observe = (clientId: string, file: string) =>
    observed(writeEvents(file), { payloadBytes: 200 })(broker.link({ clientId }))
  const [requester, responder] = [observe('requester-1', requests), observe('responder-1', responses)]
  requests$(responder, work)
    .pipe(serve(({ value: request }) => of({ request, responder: 'responder-1' })))
    .subscribe()
  await firstValueFrom(responder.subscription$(work.topic.template))
  await lastValueFrom(exchange$(requester, work, 'requester-1/1'))
  await Promise.all([requester.close(), responder.close()])
  writeFileSync(responses, '{"kind":"started","si', { flag: 'a' })
  expect(await inspectRun([requests, responses])).toEqual({
    exchanges: [
      { requester: 'requester-1', endpoint: work.name, name: 'requester-1/1', outcome: 'responded' },
    ],
    handlerRuns: { 'responder-1': 1 },
    lost: 0,
    unreadable: 1,
  })
})
