import { sendTelemetry$, telemetry, type TelemetryToSend } from '@antiphon/azure-iot-operations'
import type { PublishAck } from '@antiphon/core'
import { of, type OperatorFunction } from 'rxjs'
import { CaseRun } from './case-run.js'
import { checkError, checkPeer } from './checks.js'
import { fields, list, milliseconds, optionalText, texts, type Fields, type MetlCase } from './metl-case.js'
import type { MetlWorld, OpenWorld } from './metl-world.js'
import { testCodec } from './test-codec.js'

type Send = OperatorFunction<TelemetryToSend<string | null>, PublishAck>

/** The result of a message that was sent. */
interface Sent {
  hasEnded: boolean
  error?: unknown
}

/** Runs a case for telemetry senders; rejects if it fails. */
export async function runSenderCase(openWorld: OpenWorld, metlCase: MetlCase): Promise<void> {
  const { prologue, actions, epilogue } = metlCase
  const run = await CaseRun.open(openWorld, metlCase)
  const { world } = run
  try {
    const senders = new Map<unknown, Send>()
    try {
      for (const each of list(prologue['senders']))
        senders.set(fields(each)['telemetry-name'], sender(world, fields(each)))
    } catch (error) {
      return checkError(error, prologue['catch'])
    }
    if (prologue['catch'] !== undefined) throw new Error('the senders have been initialized without an error')
    const pending: Sent[] = []
    for (const action of actions) await perform(run, action, { senders, pending })
    await world.settle()
    checkPeer(world.peer, epilogue, (_, index) => world.peer.published[index])
  } finally {
    await world.close()
  }
}

function sender({ link }: MetlWorld, options: Fields): Send {
  const topicNamespace = optionalText(options['topic-namespace'])
  return sendTelemetry$(
    link,
    telemetry({
      topicPattern: options['telemetry-topic'] as string,
      payload: testCodec(fields(options['serializer'])),
    }),
    {
      topicTokens: texts(options['topic-token-map']),
      ...(topicNamespace !== undefined && { topicNamespace }),
    },
  )
}

async function perform(
  run: CaseRun,
  action: Fields,
  { senders, pending }: { readonly senders: Map<unknown, Send>; readonly pending: Sent[] },
): Promise<void> {
  switch (action['action']) {
    case 'send telemetry': {
      pending.push(send(senders.get(action['telemetry-name']), action))
      return run.world.settle()
    }
    case 'await send': {
      const sent = pending.shift()
      if (sent === undefined) throw new Error('no telemetry has been sent')
      await run.world.until(() => sent.hasEnded, 'the end of sending')
      if (sent.error !== undefined) return checkError(sent.error, action['catch'])
      if (action['catch'] !== undefined) throw new Error('the telemetry has been sent')
      return
    }
    case 'await publish':
      await run.awaitPublish()
      return
    default:
      return run.perform(action)
  }
}

function send(operator: Send | undefined, action: Fields): Sent {
  if (operator === undefined) throw new Error('there is no sender')
  const sent: Sent = { hasEnded: false }
  const messageExpiry = milliseconds(action['timeout'])
  of({
    value: optionalText(action['telemetry-value']) ?? null,
    topicTokens: texts(action['topic-token-map']),
    metadata: Object.entries(texts(action['metadata'])),
    qos: (action['qos'] ?? 1) as 0 | 1 | 2,
    ...(messageExpiry !== undefined && { messageExpiry }),
    ...(action['cloud-event'] !== undefined && { cloudEvent: cloudEvent(texts(action['cloud-event'])) }),
  })
    .pipe(operator)
    .subscribe({
      error: (error: unknown) => Object.assign(sent, { hasEnded: true, error }),
      complete: () => Object.assign(sent, { hasEnded: true }),
    })
  return sent
}

/** The names of attributes that differ between cases and this package. */
function cloudEvent({
  'spec-version': specVersion,
  'data-schema': dataSchema,
  source = '',
  ...others
}: Readonly<Record<string, string>>): TelemetryToSend<unknown>['cloudEvent'] & object {
  return {
    source,
    ...others,
    ...(specVersion !== undefined && { specVersion }),
    ...(dataSchema !== undefined && { dataSchema }),
  }
}
