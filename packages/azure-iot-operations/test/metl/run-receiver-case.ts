import { receiveTelemetry$, telemetry, type ReceivedTelemetry } from '@antiphon/azure-iot-operations'
import { AntiphonError, userProperty } from '@antiphon/core'
import { Subject } from 'rxjs'
import { CaseRun, sourceId, sourceProperties } from './case-run.js'
import { checkError, checkPeer, expectEqual } from './checks.js'
import { fields, list, optionalText, texts, type Fields, type MetlCase } from './metl-case.js'
import type { MetlWorld, OpenWorld } from './metl-world.js'
import { testCodec } from './test-codec.js'

/** A receiver under test. */
interface Receiver {
  readonly drain$: Subject<void>
  count: number
  hasSubscribed: boolean
  hasEnded: boolean
  error?: unknown
}

type Received = ReceivedTelemetry<string | null>

/** Runs a case for telemetry receivers; rejects if it fails. */
export async function runReceiverCase(openWorld: OpenWorld, metlCase: MetlCase): Promise<void> {
  const { prologue, actions, epilogue } = metlCase
  const run = await CaseRun.open(openWorld, metlCase)
  const { world } = run
  const received: Received[] = []
  try {
    const receivers: Receiver[] = []
    try {
      for (const each of list(prologue['receivers']))
        receivers.push(await start(world, fields(each), received))
    } catch (error) {
      return checkError(error, prologue['catch'])
    }
    if (prologue['catch'] !== undefined)
      throw new Error('the receivers have been initialized without an error')
    for (const action of actions) await perform(run, action)
    await world.settle()
    checkPeer(world.peer, epilogue, () => undefined)
    checkReceived(received, receivers, epilogue)
    await stop(world, receivers, epilogue['catch'])
  } finally {
    await world.close()
  }
}

async function start(world: MetlWorld, options: Fields, received: Received[]): Promise<Receiver> {
  const topicNamespace = optionalText(options['topic-namespace'])
  const receiver: Receiver = { drain$: new Subject(), count: 0, hasSubscribed: false, hasEnded: false }
  receiveTelemetry$(
    world.link,
    telemetry({
      topicPattern: options['telemetry-topic'] as string,
      payload: testCodec(fields(options['serializer'])),
    }),
    {
      drain$: receiver.drain$,
      topicTokens: texts(options['topic-token-map']),
      ...(topicNamespace !== undefined && { topicNamespace }),
      onSubscribed: () => {
        receiver.hasSubscribed = true
      },
    },
  ).subscribe({
    next: (message) => {
      receiver.count++
      received.push(message)
    },
    error: (error: unknown) => {
      receiver.error = error
    },
    complete: () => {
      receiver.hasEnded = true
    },
  })
  await world.until(() => receiver.hasSubscribed || receiver.error !== undefined, 'the subscription')
  if (receiver.error !== undefined) throw AntiphonError.from(receiver.error)
  return receiver
}

async function perform(run: CaseRun, action: Fields): Promise<void> {
  if (action['action'] === 'receive telemetry') return run.send(action, sourceProperties(action))
  return run.perform(action)
}

function checkReceived(
  received: readonly Received[],
  receivers: readonly Receiver[],
  epilogue: Fields,
): void {
  const { 'telemetry-count': count, 'telemetry-counts': counts } = epilogue
  if (count !== undefined) expectEqual(receivers[0]?.count, count, 'telemetry-count')
  for (const [index, value] of Object.entries(fields(counts)))
    expectEqual(receivers[Number(index)]?.count, value, `telemetry-count of ${index}`)
  list(epilogue['received-telemetries']).forEach((each, index) => {
    const message = received[index]
    if (message === undefined) throw new Error(`telemetry ${index} of the epilogue has not been received`)
    checkTelemetry(message, fields(each))
  })
}

function checkTelemetry(
  { value, metadata, topicTokens, cloudEvent, sourceId: source }: Received,
  expected: Fields,
): void {
  if (expected['telemetry-value'] !== undefined)
    expectEqual(value, expected['telemetry-value'], 'telemetry-value')
  for (const [name, text] of Object.entries(texts(expected['metadata'])))
    expectEqual(userProperty(metadata, name) ?? null, text, `metadata ${name}`)
  for (const [name, text] of Object.entries(texts(expected['topic-tokens'])))
    expectEqual(topicTokens[name], text, `topic token ${name}`)
  if (expected['source-index'] !== undefined)
    expectEqual(source, sourceId(expected['source-index']), 'source-index')
  if (expected['cloud-event'] === undefined) return
  if (expected['cloud-event'] === null) return expectEqual(cloudEvent ?? null, null, 'cloud-event')
  const actual = { ...cloudEvent } as Readonly<Record<string, string | undefined>>
  for (const [name, text] of Object.entries(texts(expected['cloud-event']))) {
    const attribute = name.replace(/-./g, (match) => match.slice(1).toUpperCase())
    expectEqual(actual[attribute] ?? null, text, `cloud-event ${name}`)
  }
}

/** Drains the receivers, and checks the error with which the first of them ends. */
async function stop(world: MetlWorld, receivers: readonly Receiver[], expected: unknown): Promise<void> {
  world.unfreeze()
  for (const receiver of receivers) {
    receiver.drain$.next()
    await world.until(() => receiver.hasEnded || receiver.error !== undefined, 'the end of the receiver')
  }
  const failed = receivers.find(({ error }) => error !== undefined)
  if (failed !== undefined) return checkError(failed.error, expected)
  if (expected !== undefined) throw new Error('the receivers have been stopped without an error')
}
