import {
  command,
  invokeCommand$,
  type CommandInvocation,
  type CommandResponse,
} from '@antiphon/azure-iot-operations'
import { userProperty, type UserProperties } from '@antiphon/core'
import { of, type OperatorFunction } from 'rxjs'
import { CaseRun } from './case-run.js'
import { checkError, checkPeer, expectEqual } from './checks.js'
import { fields, list, milliseconds, optionalText, texts, type Fields, type MetlCase } from './metl-case.js'
import type { MetlWorld, OpenWorld } from './metl-world.js'
import { testCodec } from './test-codec.js'

type Invoke = OperatorFunction<CommandInvocation<string | null>, CommandResponse<string | null>>

/** The result of an invocation; neither field is set while it is pending. */
interface Invocation {
  response?: CommandResponse<string | null>
  error?: unknown
}

/** Runs a case for command invokers; rejects if it fails. */
export async function runInvokerCase(openWorld: OpenWorld, metlCase: MetlCase): Promise<void> {
  const run = await CaseRun.open(openWorld, metlCase)
  const { world } = run
  try {
    const invokers = new Map<unknown, Invoke>()
    const { catch: expected, invokers: all } = metlCase.prologue
    const invocations = new Map<unknown, Invocation>()
    try {
      for (const each of list(all)) invokers.set(fields(each)['command-name'], invoker(world, fields(each)))
      // An invoker subscribes with its first invocation, so an expected failure may need one.
      if (expected !== undefined)
        await awaitInvocation(world, invoke([...invokers.values()].at(-1), { value: 'Test_Request' }), {})
    } catch (error) {
      return checkError(error, expected)
    }
    if (expected !== undefined) throw new Error('the invokers have been initialized without an error')
    for (const action of metlCase.actions) await perform(run, action, { invokers, invocations })
    await world.settle()
    checkPeer(world.peer, metlCase.epilogue, (message) => run.publishedFor(message))
  } finally {
    await world.close()
  }
}

function invoker({ link }: MetlWorld, options: Fields): Invoke {
  const codec = testCodec(fields(options['serializer']))
  const optional = (name: string, option: string): Readonly<Record<string, string>> => {
    const text = optionalText(options[name])
    return text === undefined ? {} : { [option]: text }
  }
  return invokeCommand$(
    link,
    command({
      name: options['command-name'] as string,
      requestTopicPattern: options['request-topic'] as string,
      request: codec,
      response: codec,
    }),
    {
      topicTokens: texts(options['topic-token-map']),
      ...optional('topic-namespace', 'topicNamespace'),
      ...optional('response-topic-prefix', 'responseTopicPrefix'),
      ...optional('response-topic-suffix', 'responseTopicSuffix'),
      ...optional('response-topic-pattern', 'responseTopicPattern'),
    },
  )
}

function invoke(operator: Invoke | undefined, request: CommandInvocation<string | null>): Invocation {
  const invocation: Invocation = {}
  if (operator === undefined) throw new Error('there is no invoker')
  of(request)
    .pipe(operator)
    .subscribe({
      next: (response) => {
        invocation.response = response
      },
      error: (error: unknown) => {
        invocation.error = error
      },
    })
  return invocation
}

async function perform(
  run: CaseRun,
  action: Fields,
  {
    invokers,
    invocations,
  }: { readonly invokers: Map<unknown, Invoke>; readonly invocations: Map<unknown, Invocation> },
): Promise<void> {
  switch (action['action']) {
    case 'invoke command': {
      const commandTimeout = milliseconds(action['timeout'])
      const invocation = invoke(invokers.get(action['command-name']), {
        value: optionalText(action['request-value']) ?? null,
        topicTokens: texts(action['topic-token-map']),
        metadata: Object.entries(texts(action['metadata'])),
        ...(commandTimeout !== undefined && { commandTimeout }),
      })
      invocations.set(action['invocation-index'], invocation)
      return run.world.settle()
    }
    case 'await invocation':
      return awaitInvocation(run.world, invocations.get(action['invocation-index']) ?? {}, action)
    case 'await publish': {
      const { correlationData } = await run.awaitPublish()
      if (correlationData !== undefined) run.correlations.set(action['correlation-index'], correlationData)
      return
    }
    case 'receive response': {
      const correlationData = run.correlations.get(action['correlation-index'])
      return run.send(
        action,
        statusProperties(action),
        correlationData === undefined ? {} : { correlationData },
      )
    }
    default:
      return run.perform(action)
  }
}

/** Waits for a response and checks it; throws an error that the action does not expect. */
async function awaitInvocation(world: MetlWorld, invocation: Invocation, action: Fields): Promise<void> {
  await world.until(
    () => invocation.response !== undefined || invocation.error !== undefined,
    'the end of the invocation',
  )
  const { response, error } = invocation
  if (response === undefined) return checkError(error, action['catch'])
  if (action['catch'] !== undefined) throw new Error('the invocation has succeeded')
  if (action['response-value'] !== undefined)
    expectEqual(response.value, action['response-value'], 'response-value')
  for (const [name, value] of Object.entries(texts(action['metadata'])))
    expectEqual(userProperty(response.metadata, name), value, `metadata ${name}`)
}

/** Returns the User Properties that the fields of a response stand for. */
function statusProperties(action: Fields): UserProperties {
  const properties: readonly (readonly [string, unknown])[] = [
    ['__stat', action['status']],
    ['__stMsg', action['status-message']],
    ['__apErr', action['is-application-error']],
    ['__propName', action['invalid-property-name']],
    ['__propVal', action['invalid-property-value']],
  ]
  return properties.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : []))
}
