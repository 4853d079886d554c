import { createBroker, type Broker } from '@antiphon/broker'
import {
  ApplicationError,
  json,
  request,
  endpoint,
  text,
  userProperty,
  withProperties,
  type Link,
  type OutgoingMessage,
} from '@antiphon/core'
import { isRight } from 'fp-ts/lib/Either.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { firstValueFrom, from, lastValueFrom, of, Subject, take, throwError, toArray } from 'rxjs'
import {
  command,
  executeCommand$,
  invokeCommand,
  invokeCommand$,
  invokeCommandEither$,
  OperationsError,
  type CommandHandler,
  type ExecuteOptions,
  type ReceivedCommand,
} from '../src/index.js'

const press = command({
  name: 'press',
  requestTopicPattern: 'presses/{executorId}/press',
  request: text,
  response: text,
})
const tokens = { topicTokens: { executorId: 'press-7' } }

let broker: Broker
beforeEach(() => {
  broker = createBroker()
})
afterEach(() => broker.close())

/** Starts an executor on a link of its own, and waits for its subscription. */
async function start(
  handler: CommandHandler<string, string>,
  options: ExecuteOptions = tokens,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    executeCommand$(broker.link({ clientId: 'executor' }), press, handler, {
      ...options,
      onSubscribed: resolve,
    }).subscribe({ error: reject })
  })
}

/** Publishes a request without this package, and returns the response. */
async function respondTo(link: Link, message: Partial<OutgoingMessage>): Promise<OutgoingMessage> {
  const response = firstValueFrom(link.messages$('answers/me'))
  await firstValueFrom(link.subscription$('answers/me'))
  link
    .publish$({
      topic: 'presses/press-7/press',
      payload: new TextEncoder().encode('gently'),
      responseTopic: 'answers/me',
      correlationData: new Uint8Array(16).fill(7),
      messageExpiryInterval: 10,
      ...message,
    })
    .subscribe()
  return response
}

const errorOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('a command', () => {
  it('is invoked and executed, with metadata and tokens on both sides', async () => {
    let received: ReceivedCommand<string> | undefined
    await start((command) => {
      received = command
      return withProperties(`pressed ${command.value}`, { userProperties: [['force', '3 kN']] })
    })
    const link = broker.link({ clientId: 'invoker' })
    const response = await invokeCommand(link, press, {
      value: 'gently',
      metadata: [['shift', 'night']],
      ...tokens,
    })
    expect(response).toMatchObject({ value: 'pressed gently', metadata: [['force', '3 kN']] })
    expect(response.message.topic).toBe('clients/invoker/presses/press-7/press')
    expect(response.timestamp).toMatch(/^\d{15}:\d{5}:/)
    expect(received).toMatchObject({
      topicTokens: { executorId: 'press-7' },
      metadata: [['shift', 'night']],
      sourceId: 'invoker',
    })
    expect(received?.timestamp).toMatch(/^\d{15}:\d{5}:/)
    expect(received?.expiresAt).toBeGreaterThan(Date.now())
    expect(received?.signal.aborted).toBe(false)
  })

  it('is reached by a plain MQTT 5 requester', async () => {
    await start(({ value }) => of(`pressed ${value}`))
    const response = await respondTo(broker.link({}), {})
    expect(userProperty(response.userProperties, '__stat')).toBe('200')
    expect(new TextDecoder().decode(response.payload)).toBe('pressed gently')
  })

  it('reaches an executor that requests of core reach as well', async () => {
    await start(({ value }) => Promise.resolve(`pressed ${value}`))
    const plain = endpoint({
      topic: 'presses/{id}/press',
      request: text,
      response: text,
    })
    const link = broker.link({})
    const failed = await errorOf(request(link, plain, { params: { id: 'press-7' }, value: 'gently' }))
    expect(failed).toMatchObject({ status: { code: 400, propertyName: 'Correlation Data' } })
  })

  it.each<[string, CommandHandler<string, string>]>([
    [
      'throws',
      () => {
        throw new Error('secret')
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['errors', () => throwError(() => new Error('secret'))],
    [
      'fails in an async iterable',
      async function* () {
        yield* []
        throw new Error('secret')
      },
    ],
  ])('fails with execution-error, without details, if its handler %s', async (_, handler) => {
    await start(handler)
    expect(await errorOf(invokeCommand(broker.link({}), press, { value: 'x', ...tokens }))).toMatchObject({
      kind: 'execution-error',
      isRemote: true,
      commandName: 'press',
      rawMessage: 'the command handler failed',
    })
  })

  it('passes on the details of an ApplicationError', async () => {
    await start(() => throwError(() => new ApplicationError({ code: 'jammed', message: 'it is jammed' })))
    expect(await errorOf(invokeCommand(broker.link({}), press, { value: 'x', ...tokens }))).toMatchObject({
      kind: 'execution-error',
      rawMessage: 'it is jammed',
      status: { applicationCode: 'jammed' },
    })
  })

  it('is invoked for each value of a source, and continues after a failure as Either', async () => {
    await start(({ value }) => {
      if (value === 'hard') throw new ApplicationError({ code: 'jammed' })
      return [value]
    })
    const link = broker.link({})
    const invocations = ['gently', 'hard', 'twice'].map((value) => ({ value }))
    const eithers = await lastValueFrom(
      from(invocations).pipe(invokeCommandEither$(link, press, { ...tokens, concurrency: 1 }), toArray()),
    )
    expect(eithers.map((each) => (isRight(each) ? each.right.value : each.left.kind))).toEqual([
      'gently',
      'execution-error',
      'twice',
    ])
    const values$ = from(invocations).pipe(invokeCommand$(link, press, tokens), take(1))
    expect(await firstValueFrom(values$)).toMatchObject({ value: 'gently' })
  })

  it('times out while the link is not connected, if the response topic has its client identifier', async () => {
    const link = { ...broker.link({}), state$: new Subject<never>() }
    expect(
      await errorOf(invokeCommand(link, press, { value: 'x', commandTimeout: 5, ...tokens })),
    ).toMatchObject({
      kind: 'timeout',
      awaited: 'connection',
      timeoutName: 'commandTimeout',
      timeoutValue: 5,
    })
  })

  it('does not let a chunked or repeated topic token have two values', async () => {
    const twice = command({ ...press, requestTopicPattern: 'presses/{executorId}/{executorId}/press' })
    const link = broker.link({ clientId: 'twice' })
    await new Promise<void>((resolve) => {
      executeCommand$(link, twice, ({ topicTokens }) => JSON.stringify(topicTokens), {
        onSubscribed: resolve,
      }).subscribe()
    })
    const response = await invokeCommand(broker.link({}), twice, { value: 'x', ...tokens })
    expect(response.value).toBe('{"executorId":"press-7"}')
    const refused = await respondTo(broker.link({}), { topic: 'presses/a/b/press' })
    expect(userProperty(refused.userProperties, '__propName')).toBe('Topic')
  })

  it('goes to one of the executors in a group', async () => {
    for (const _ of [1, 2]) await start(({ value }) => value, { group: 'presses' })
    const link = broker.link({})
    expect(await invokeCommand(link, press, { value: 'x', ...tokens })).toMatchObject({ value: 'x' })
  })

  it('lets the application set the reserved properties that it names', async () => {
    const leased = command({ ...press, reservedProperties: ['__ft'] })
    await start(({ message }) => userProperty(message.userProperties, '__ft') ?? '')
    const invocation = { value: 'x', metadata: [['__ft', 'token']] as const, ...tokens }
    expect(await invokeCommand(broker.link({}), leased, invocation)).toMatchObject({ value: 'token' })
    expect(await errorOf(invokeCommand(broker.link({}), press, invocation))).toMatchObject({
      kind: 'invalid-configuration',
    })
  })

  it('fails with mqtt-error if it exceeds Maximum Packet Size, because executors of other SDKs know no chunks', async () => {
    await broker.close()
    broker = createBroker({ limits: { packetSize: 2_000 } })
    await start(() => 'x'.repeat(5_000))
    const link = broker.link({})
    expect(await errorOf(invokeCommand(link, press, { value: 'x'.repeat(5_000), ...tokens }))).toMatchObject({
      kind: 'mqtt-error',
      code: 'too-large',
    })
    expect(await errorOf(invokeCommand(link, press, { value: 'x', ...tokens }))).toMatchObject({
      kind: 'internal-logic-error',
      propertyName: 'Response',
    })
  })
})

describe('options', () => {
  const thrownBy = (run: () => unknown): unknown => {
    try {
      run()
    } catch (error) {
      return error
    }
    return undefined
  }

  it.each<[string, () => unknown, object]>([
    ['no name', () => command({ ...press, name: '' }), { propertyName: 'commandName' }],
    [
      'a codec that is a number',
      () => command({ ...press, request: 7 as never }),
      { propertyName: 'request', propertyValue: 7 },
    ],
    [
      'an unknown option',
      () => invokeCommand$(broker.link({}), press, { commandTimout: 1 } as object),
      {
        rawMessage: expect.stringContaining(
          'commandTimout is not known: did you mean commandTimeout?',
        ) as string,
      },
    ],
    [
      'a timeout of 0',
      () => executeCommand$(broker.link({}), press, () => '', { executionTimeout: 0 }),
      { propertyName: 'executionTimeout', propertyValue: 0 },
    ],
  ])('are invalid with %s', (_, run, expected) => {
    const error = thrownBy(run)
    expect(error).toBeInstanceOf(OperationsError)
    expect(error).toMatchObject({ kind: 'invalid-configuration', isShallow: true, ...expected })
  })

  it('are those of json schemas as well', () => {
    expect(command({ ...press, request: json.unchecked<number>() }).name).toBe('press')
  })
})
