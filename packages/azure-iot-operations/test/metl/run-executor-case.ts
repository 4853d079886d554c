import {
  command,
  executeCommand$,
  type CommandHandler,
  type ReceivedCommand,
} from '@antiphon/azure-iot-operations'
import {
  AntiphonError,
  userProperty,
  withProperties,
  type ResponseWithProperties,
  type UserProperties,
} from '@antiphon/core'
import { concat, defer, EMPTY, of, Subject, throwError, type Observable } from 'rxjs'
import { v4 as uuid, parse } from 'uuid'
import { CaseRun, sourceProperties } from './case-run.js'
import { checkError, checkPeer, correlationKey, expectEqual } from './checks.js'
import { countdownEvents, type CountdownEvents } from './countdown-events.js'
import { fields, list, milliseconds, optionalText, texts, type Fields, type MetlCase } from './metl-case.js'
import type { MetlWorld, OpenWorld } from './metl-world.js'
import { testCodec } from './test-codec.js'

/** An executor under test. */
interface Executor {
  readonly executions: () => number
  readonly drain$: Subject<void>
  hasSubscribed: boolean
  hasEnded: boolean
  error?: unknown
}

/** Runs a case for command executors; rejects if it fails. */
export async function runExecutorCase(openWorld: OpenWorld, metlCase: MetlCase): Promise<void> {
  const { prologue, actions, epilogue } = metlCase
  const run = await CaseRun.open(openWorld, metlCase)
  const { world } = run
  const events = countdownEvents(prologue['countdown-events'])
  try {
    const executors: Executor[] = []
    try {
      for (const each of list(prologue['executors'])) executors.push(await start(world, events, fields(each)))
    } catch (error) {
      return checkError(error, prologue['catch'])
    }
    if (prologue['catch'] !== undefined)
      throw new Error('the executors have been initialized without an error')
    for (const action of actions) await perform(run, action, events)
    await world.settle()
    checkPeer(world.peer, epilogue, (message) => run.publishedFor(message))
    const { 'execution-count': count, 'execution-counts': counts } = epilogue
    if (count !== undefined) expectEqual(executors[0]?.executions(), count, 'execution-count')
    for (const [index, value] of Object.entries(fields(counts)))
      expectEqual(executors[Number(index)]?.executions(), value, `execution-count of ${index}`)
    await stop(world, executors, epilogue['catch'])
  } finally {
    await world.close()
  }
}

async function start(world: MetlWorld, events: CountdownEvents, options: Fields): Promise<Executor> {
  const codec = testCodec(fields(options['serializer']))
  const drain$ = new Subject<void>()
  const { handler, executions } = handlerOf(events, options)
  const executor: Executor = { executions, drain$, hasSubscribed: false, hasEnded: false }
  const topicNamespace = optionalText(options['topic-namespace'])
  const executionTimeout = milliseconds(options['execution-timeout'])
  const concurrency = options['execution-concurrency']
  executeCommand$(
    world.link,
    command({
      name: options['command-name'] as string,
      requestTopicPattern: options['request-topic'] as string,
      request: codec,
      response: codec,
    }),
    handler,
    {
      drain$,
      topicTokens: texts(options['topic-token-map']),
      ...(topicNamespace !== undefined && { topicNamespace }),
      ...(executionTimeout !== undefined && { executionTimeout }),
      ...(typeof concurrency === 'number' && { concurrency }),
      onSubscribed: () => {
        executor.hasSubscribed = true
      },
    },
  ).subscribe({
    error: (error: unknown) => {
      executor.error = error
    },
    complete: () => {
      executor.hasEnded = true
    },
  })
  await world.until(() => executor.hasSubscribed || executor.error !== undefined, 'the subscription')
  if (executor.error !== undefined) throw AntiphonError.from(executor.error)
  return executor
}

/** Drains the executors, and checks the error with which the first of them ends. */
async function stop(world: MetlWorld, executors: readonly Executor[], expected: unknown): Promise<void> {
  world.unfreeze()
  for (const executor of executors) {
    executor.drain$.next()
    await world.until(() => executor.hasEnded || executor.error !== undefined, 'the end of the executor')
  }
  const failed = executors.find(({ error }) => error !== undefined)
  if (failed !== undefined) return checkError(failed.error, expected)
  if (expected !== undefined) throw new Error('the executors have been stopped without an error')
}

/** Returns the handler that a case describes, and the number of its runs. */
function handlerOf(
  events: CountdownEvents,
  options: Fields,
): { readonly handler: CommandHandler<string | null, string | null>; readonly executions: () => number } {
  let count = 0
  const next = new Map<string, number>()
  const respond = (request: ReceivedCommand<string | null>): ResponseWithProperties<string | null> => {
    const value = request.value ?? ''
    const responses = list(fields(options['request-responses-map'])[value])
    const index = next.get(value) ?? 0
    next.set(value, index + 1)
    const response = responses.length === 0 ? null : String(responses[index % responses.length])
    return withProperties(response, { userProperties: responseProperties(request, options) })
  }
  return {
    executions: () => count,
    handler: (request) =>
      defer(() => {
        count++
        const synced = concat(...list(options['sync']).map((each) => sync$(events, fields(each))))
        const result$ =
          options['raise-error'] === true
            ? throwError(() => new Error('the case raises an error'))
            : defer(() => of(respond(request)))
        return concat(synced, result$)
      }),
  }
}

function sync$(
  events: CountdownEvents,
  { 'signal-event': signal, 'wait-event': wait }: Fields,
): Observable<never> {
  return defer(() => {
    if (typeof signal === 'string') events.signal(signal)
    return typeof wait === 'string' ? events.reached$(wait) : EMPTY
  })
}

function responseProperties(
  { metadata, topicTokens }: ReceivedCommand<unknown>,
  options: Fields,
): UserProperties {
  const own = Object.entries(fields(options['response-metadata'])).map(
    ([name, value]) => [name, optionalText(value) ?? userProperty(metadata, name) ?? ''] as const,
  )
  const prefix = optionalText(options['token-metadata-prefix'])
  const tokens = Object.entries(topicTokens).map(([name, value]) => [`${prefix}${name}`, value] as const)
  return prefix === undefined ? own : [...own, ...tokens]
}

async function perform(run: CaseRun, action: Fields, events: CountdownEvents): Promise<void> {
  switch (action['action']) {
    case 'receive request': {
      const correlationData = correlationOf(run, action)
      const responseTopic = optionalText(action['response-topic'])
      return run.send(action, sourceProperties(action), {
        ...(correlationData !== undefined && { correlationData }),
        ...(responseTopic !== undefined && { responseTopic }),
      })
    }
    case 'await publish': {
      const { correlationData } = await run.awaitPublish()
      const index = action['correlation-index']
      if (index === undefined) return
      expectEqual(
        correlationKey(correlationData),
        correlationKey(run.correlations.get(index)) ?? null,
        'the correlation',
      )
      return
    }
    case 'sync': {
      const { 'signal-event': signal, 'wait-event': wait } = action
      if (typeof signal === 'string') events.signal(signal)
      let isReached = typeof wait !== 'string'
      if (typeof wait === 'string')
        events.reached$(wait).subscribe({
          complete: () => {
            isReached = true
          },
        })
      return run.world.until(() => isReached, 'the countdown event')
    }
    default:
      return run.perform(action)
  }
}

/** Returns the Correlation Data of a request: what the action says, or that of its index; `undefined` for none. */
function correlationOf(
  { correlations }: CaseRun,
  { 'correlation-index': index, 'correlation-id': id }: Fields,
): Uint8Array | undefined {
  if (index === null) return undefined
  const correlation =
    typeof id === 'string' ? new TextEncoder().encode(id) : (correlations.get(index) ?? parse(uuid()))
  correlations.set(index, correlation)
  return correlation
}
