import {
  AntiphonError,
  endpoint,
  json,
  request,
  requests$,
  serve,
  type Link,
  type Message,
  type StandardSchema,
} from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { of, throwError, type Unsubscribable } from 'rxjs'
import { send, subscribeAndWait, type CaseContext, type CaseDefinition } from '../case-context.js'
import { makeContract } from '../make-contract.js'
import { recordStream, type StreamRecording } from '../record-stream.js'
import type { ContractSetting, LinkContract } from '../world.js'
import type { ConformanceData, DataCase, ExpectedResult, ResponderFeature } from './conformance-data.js'
import { expectMessage, toMessage, type TopicOf } from './data-messages.js'
import { pause, withoutParams } from '../exchange/fixtures.js'

/** The options of `dataContract`. */
export interface DataContractOptions {
  /** Serves the service of the data on a topic: the responder under test. @defaultValue `serve` of `@antiphon/core` */
  readonly serveOn?: (link: Link, topic: string) => Unsubscribable
  /** What the responder under test lacks; its cases are left out. @defaultValue nothing */
  readonly lacks?: readonly ResponderFeature[]
}

/**
 * Returns the cases of conformance data, such as those in `@antiphon/conformance/data/exchange.json`, for `request` and a responder. A
 * program in another language runs the same file with a driver of its own.
 *
 * @example
 * ```ts
 * for (const { name, run } of dataContract(data, setting).cases) it(name, run)
 * ```
 */
export function dataContract(
  data: ConformanceData,
  setting: ContractSetting,
  { serveOn = serveLamp, lacks = [] }: DataContractOptions = {},
): LinkContract {
  const isCovered = ({ needs = [] }: DataCase): boolean => !needs.some((feature) => lacks.includes(feature))
  const definitions = (
    subject: string,
    cases: readonly DataCase[],
    run: (context: CaseContext, one: DataCase) => Promise<void>,
  ): readonly CaseDefinition[] =>
    cases
      .filter(isCovered)
      .map((one) => ({ subject, name: one.name, needs: ['properties'], run: (context) => run(context, one) }))
  const { topic } = data.service
  return makeContract(
    [
      ...definitions('responder', data.responder, (context, one) =>
        runResponder(context, one, topic, serveOn),
      ),
      ...definitions('requester', data.requester, (context, one) => runRequester(context, one, topic)),
    ],
    setting,
  )
}

interface Lamp {
  readonly on: boolean
}

/** Returns the schema of an object with one boolean. */
function booleanIn<Name extends string>(name: Name): StandardSchema<{ readonly [N in Name]: boolean }> {
  return {
    '~standard': {
      version: 1,
      vendor: 'antiphon',
      validate: (value) => {
        const { [name]: found } = (value ?? {}) as Readonly<Record<string, unknown>>
        return typeof found === 'boolean'
          ? { value: value as { readonly [N in Name]: boolean } }
          : { issues: [{ path: [name], message: 'expected boolean' }] }
      },
    },
  }
}

const lampOn = (topic: string) =>
  withoutParams(endpoint({ topic, request: json(booleanIn('on')), response: json(booleanIn('ok')) }))

function serveLamp(link: Link, topic: string): Unsubscribable {
  const handler = ({ value: { on } }: { readonly value: Lamp }) =>
    on ? of({ ok: true }) : throwError(() => new Error('the lamp has no bulb'))
  return requests$(link, lampOn(topic)).pipe(serve(handler)).subscribe()
}

const topicsOf =
  (context: CaseContext): TopicOf =>
  (topic) =>
    topic.startsWith('{prefix}/') ? context.topic(topic.slice('{prefix}/'.length)) : topic

async function runResponder(
  context: CaseContext,
  { steps }: DataCase,
  serviceTopic: string,
  serveOn: NonNullable<DataContractOptions['serveOn']>,
): Promise<void> {
  const topicOf = topicsOf(context)
  const responder = context.link({ persistentSession: true })
  serveOn(responder, topicOf(serviceTopic))
  await subscribeAndWait(context, responder, topicOf(serviceTopic))
  const received = await receive(context, topicOf('{prefix}/responses'))
  for (const step of steps) {
    if ('send' in step) await send(context, context.peer, toMessage(step.send, topicOf))
    else if ('receive' in step) expectMessage(await received.next(), step.receive, topicOf)
    else if ('wait' in step) await received.wait(step.wait)
    else throw new TypeError(`a responder case has no step ${Object.keys(step).join()}`)
  }
  await received.expectEnd()
}

async function runRequester(context: CaseContext, { steps }: DataCase, serviceTopic: string): Promise<void> {
  const topicOf = topicsOf(context)
  const topic = topicOf(serviceTopic)
  const requester = context.link()
  const received = await receive(context, topic)
  let pending: Promise<unknown> = Promise.resolve()
  let last: Message | undefined
  for (const step of steps) {
    if ('request' in step) {
      const { request: value, timeout = 30_000 } = step
      pending = request(requester, lampOn(topic), value as Lamp, { timeout })
      // The case looks at the result later.
      pending.catch(() => undefined)
    } else if ('receive' in step) expectMessage((last = await received.next()), step.receive, topicOf)
    else if ('wait' in step) await received.wait(step.wait)
    else if ('respond' in step) {
      expectThat(
        last?.responseTopic !== undefined,
        'expected a request with Response Topic before a response',
      )
      const { responseTopic, correlationData } = last
      const hasCorrelation = step.respond.absent === undefined && correlationData !== undefined
      await send(context, context.peer, {
        ...(hasCorrelation && { correlationData }),
        ...toMessage(step.respond, topicOf),
        topic: responseTopic,
      })
    } else if ('result' in step) expectResult(await resultOf(context, pending), step.result)
    else throw new TypeError(`a requester case has no step ${Object.keys(step).join()}`)
  }
  await received.expectEnd()
}

/** The messages that arrive at the tester. */
interface Received {
  readonly next: () => Promise<Message>
  readonly wait: (milliseconds: number) => Promise<void>
  /** Expects that no message arrived that `next` did not return. */
  readonly expectEnd: () => Promise<void>
}

async function receive(context: CaseContext, topic: string): Promise<Received> {
  const { peer } = context
  const messages: StreamRecording<Message> = recordStream(peer.messages$(topic))
  await subscribeAndWait(context, peer, topic)
  let count = 0
  const next = async (): Promise<Message> => {
    count += 1
    const received = (await context.eventually(messages.until(count)))[count - 1]
    expectThat(received !== undefined, 'expected a message')
    return received
  }
  return {
    next,
    wait: async (milliseconds) => void (await pause(context, peer, milliseconds)),
    expectEnd: async () => {
      // A broker keeps the order of the messages of a topic, and those of the program under test have arrived there.
      await context.settle()
      await send(context, peer, { topic, payload: new TextEncoder().encode('end of the case') })
      const { payload } = await next()
      expectEqual(new TextDecoder().decode(payload), 'end of the case', 'a message that no step expects')
    },
  }
}

async function resultOf(context: CaseContext, pending: Promise<unknown>): Promise<ExpectedResult> {
  const settled = pending.then(
    (value): ExpectedResult => ({ value }),
    (thrown: unknown): ExpectedResult => {
      const { code, status } = AntiphonError.from(thrown)
      if (status === undefined) return { error: code }
      const { message, applicationCode, applicationPayload } = status
      return {
        error: code,
        status: status.code,
        ...(message !== undefined && { message }),
        ...(applicationCode !== undefined && { applicationCode }),
        ...(applicationPayload !== undefined && { applicationPayload }),
      }
    },
  )
  return context.eventually(settled)
}

function expectResult(actual: ExpectedResult, expected: ExpectedResult): void {
  expectEqual(actual, expected, 'the result of the exchange')
}
