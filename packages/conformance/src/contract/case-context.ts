import {
  AntiphonError,
  type Delivery,
  type ConnectionInfo,
  type Link,
  type Message,
  type OutgoingMessage,
  type PublishAck,
  type SubscribeOptions,
  type SubscriptionWindow,
} from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { filter, firstValueFrom } from 'rxjs'
import { recordStream, type StreamRecording } from './record-stream.js'
import type { Ability, ContractWorld } from './world.js'

/** The world of one case with all members that the case needs, and topics that no other case uses. */
export interface CaseContext extends Required<Omit<ContractWorld, 'dispose' | 'prefix'>> {
  readonly topic: (name: string) => string
}

/** A case with its subject, before it is bound to a setting. */
export interface CaseDefinition extends CaseSpec {
  readonly subject: string
}

/** The name of a case, the abilities that it needs, and its test. */
export interface CaseSpec {
  readonly name: string
  readonly needs?: readonly Ability[]
  readonly run: (context: CaseContext) => Promise<void>
}

/** Returns the cases of one subject. */
export function casesOf(subject: string, ...specs: readonly CaseSpec[]): readonly CaseDefinition[] {
  return specs.map((text) => ({ ...text, subject }))
}

/** Returns a message with a text payload. */
export function outgoing(
  topic: string,
  text: string,
  options: Partial<OutgoingMessage> = {},
): OutgoingMessage {
  return { topic, payload: new TextEncoder().encode(text), ...options }
}

/** Returns the payload as text. */
export function textOf({ payload }: { readonly payload: Uint8Array }): string {
  return new TextDecoder().decode(payload)
}

/** Returns the payloads of messages or deliveries as texts, in order. */
export function textsOf(items: readonly (Message | Delivery)[]): readonly string[] {
  return items.map((item) => textOf('message' in item ? item.message : item))
}

/** Publishes a message and waits for its acknowledgement. */
export function send(context: CaseContext, link: Link, message: OutgoingMessage): Promise<PublishAck> {
  return context.eventually(recordStream(link.publish$(message)).until(1)).then(([ack]) => {
    expectThat(ack !== undefined, 'expected an acknowledgement')
    return ack
  })
}

/** Publishes all texts without waiting in between, then waits for all acknowledgements. */
export async function sendAll(
  context: CaseContext,
  link: Link,
  topic: string,
  specs: readonly string[],
): Promise<void> {
  const acks = specs.map((text) => recordStream(link.publish$(outgoing(topic, text))))
  for (const ack of acks) await context.eventually(ack.until(1))
}

/** Waits until the link is online and returns its connection info. */
export async function waitUntilOnline(context: CaseContext, link: Link): Promise<ConnectionInfo> {
  const settled$ = link.state$.pipe(filter(({ status }) => status === 'online' || status === 'closed'))
  const state = await context.eventually(firstValueFrom(settled$))
  expectThat(state.status === 'online', `expected the link to be online, not ${state.status}`)
  return state.info
}

/** A subscription with its recorded windows and the deliveries of all windows. */
export interface RecordedSubscription {
  readonly windows: StreamRecording<SubscriptionWindow>
  readonly deliveries: readonly Delivery[]
  /** Returns the number of closed windows. */
  readonly closedWindows: () => number
  /** Resolves with all deliveries once there are `count`. */
  readonly until: (count: number) => Promise<readonly Delivery[]>
  /** Unsubscribes from the windows and the subscription. */
  readonly unsubscribe: () => void
  /** Unsubscribes from the open window only; the subscription continues. */
  readonly unsubscribeFromWindow: () => void
}

/** Subscribes and waits for the first window. */
export async function subscribeAndWait(
  context: CaseContext,
  link: Link,
  filter: string,
  options?: SubscribeOptions,
): Promise<RecordedSubscription> {
  const subscription = recordSubscription(link, filter, options)
  await context.eventually(subscription.windows.until(1))
  return subscription
}

/** Subscribes, and to every window synchronously within its emission. */
export function recordSubscription(
  link: Link,
  filter: string,
  options?: SubscribeOptions,
): RecordedSubscription {
  const deliveries: Delivery[] = []
  const windowRecordings: StreamRecording<Delivery>[] = []
  const waiters = new Set<() => void>()
  const windows = recordStream(link.subscription$(filter, options), ({ deliveries$ }) => {
    windowRecordings.push(
      recordStream(deliveries$, (delivery) => {
        deliveries.push(delivery)
        for (const resolveIfReached of [...waiters]) resolveIfReached()
      }),
    )
  })
  return {
    windows,
    deliveries,
    closedWindows: () => windowRecordings.filter((recording) => recording.ending() === 'complete').length,
    until: (count) =>
      new Promise((resolve) => {
        const resolveIfReached = (): void => {
          if (deliveries.length < count) return
          waiters.delete(resolveIfReached)
          resolve([...deliveries])
        }
        waiters.add(resolveIfReached)
        resolveIfReached()
      }),
    unsubscribe: () => {
      for (const recording of windowRecordings) recording.unsubscribe()
      windows.unsubscribe()
    },
    unsubscribeFromWindow: () => windowRecordings.at(-1)?.unsubscribe(),
  }
}

/** Expects a stream to have failed with `code`, and with `reasonCode` if set; returns the error. */
export function expectFailure(
  ending: 'complete' | AntiphonError | undefined,
  code: AntiphonError['code'],
  reasonCode?: number,
): AntiphonError {
  expectThat(ending instanceof AntiphonError, `expected an error '${code}', not ${String(ending)}`)
  expectEqual(ending.code, code, `the code of "${ending.message}"`)
  if (reasonCode !== undefined) expectEqual(ending.reasonCode, reasonCode, 'the reason code of the error')
  return ending
}

/** Returns the whole numbers from 1 to `count` as texts. */
export function numbers(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => String(index + 1))
}
