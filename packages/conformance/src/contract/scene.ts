import {
  AntiphonError,
  type Delivery,
  type Grant,
  type Link,
  type Message,
  type OutgoingMessage,
  type PublishAck,
  type SubscribeOptions,
  type SubscriptionWindow,
} from '@antiphon/core'
import { expectEqual, expectThat } from '@antiphon/testing/internal'
import { filter, firstValueFrom } from 'rxjs'
import { watch, type Watch } from './watch.js'
import type { Ability, ContractWorld } from './world.js'

/** What a case works with: a world in which everything the case needs is there, and topics nobody else uses. */
export interface Scene extends Required<Omit<ContractWorld, 'dispose' | 'prefix'>> {
  readonly topic: (name: string) => string
}

/** A promise of the port before it is put over a world. */
export interface CaseDefinition extends CaseText {
  readonly subject: string
}

/** A promise and how to examine it. */
export interface CaseText {
  readonly name: string
  readonly needs?: readonly Ability[]
  readonly run: (scene: Scene) => Promise<void>
}

/** The promises of one subject. */
export function casesOf(subject: string, ...texts: readonly CaseText[]): readonly CaseDefinition[] {
  return texts.map((text) => ({ ...text, subject }))
}

/** A message of text. */
export function outgoing(
  topic: string,
  text: string,
  options: Partial<OutgoingMessage> = {},
): OutgoingMessage {
  return { topic, payload: new TextEncoder().encode(text), ...options }
}

/** The text of a message. */
export function textOf({ payload }: { readonly payload: Uint8Array }): string {
  return new TextDecoder().decode(payload)
}

/** The texts of messages or deliveries, in order. */
export function textsOf(items: readonly (Message | Delivery)[]): readonly string[] {
  return items.map((item) => textOf('message' in item ? item.message : item))
}

/** Publishes and waits for the acknowledgement. */
export function send(scene: Scene, link: Link, message: OutgoingMessage): Promise<PublishAck> {
  return scene.eventually(watch(link.publish$(message)).until(1)).then(([ack]) => {
    expectThat(ack !== undefined, 'an acknowledgement')
    return ack
  })
}

/** Publishes texts one after the other without waiting in between, then waits for all acknowledgements. */
export async function sendAll(
  scene: Scene,
  link: Link,
  topic: string,
  texts: readonly string[],
): Promise<void> {
  const acks = texts.map((text) => watch(link.publish$(outgoing(topic, text))))
  for (const ack of acks) await scene.eventually(ack.until(1))
}

/** Waits for the link to be online. */
export async function online(scene: Scene, link: Link): Promise<Grant> {
  const settled$ = link.state$.pipe(filter(({ status }) => status === 'online' || status === 'closed'))
  const state = await scene.eventually(firstValueFrom(settled$))
  expectThat(state.status === 'online', `the link to be online, not ${state.status}`)
  return state.grant
}

/** A subscription watched as a whole: its windows, and the deliveries of all of them. */
export interface WatchedSubscription {
  readonly windows: Watch<SubscriptionWindow>
  readonly deliveries: readonly Delivery[]
  /** Windows that have closed. */
  readonly closed: () => number
  /** Resolves once so many deliveries came. */
  readonly until: (count: number) => Promise<readonly Delivery[]>
  /** Leaves the subscription. */
  readonly unsubscribe: () => void
  /** Stops listening to the open window, without leaving the subscription. */
  readonly turnAway: () => void
}

/** Subscribes and waits for the window. */
export async function subscribed(
  scene: Scene,
  link: Link,
  filter: string,
  options?: SubscribeOptions,
): Promise<WatchedSubscription> {
  const subscription = watchSubscription(link, filter, options)
  await scene.eventually(subscription.windows.until(1))
  return subscription
}

/** Subscribes, listening to every window within the emission that brings it. */
export function watchSubscription(
  link: Link,
  filter: string,
  options?: SubscribeOptions,
): WatchedSubscription {
  const deliveries: Delivery[] = []
  const open: Watch<Delivery>[] = []
  const waiting = new Set<() => void>()
  const windows = watch(link.subscription$(filter, options), ({ deliveries$ }) => {
    open.push(
      watch(deliveries$, (delivery) => {
        deliveries.push(delivery)
        for (const look of [...waiting]) look()
      }),
    )
  })
  return {
    windows,
    deliveries,
    closed: () => open.filter((one) => one.ending() === 'complete').length,
    until: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (deliveries.length < count) return
          waiting.delete(look)
          resolve([...deliveries])
        }
        waiting.add(look)
        look()
      }),
    unsubscribe: () => {
      for (const one of open) one.unsubscribe()
      windows.unsubscribe()
    },
    turnAway: () => open.at(-1)?.unsubscribe(),
  }
}

/** Expects a stream to have failed with this code and, where given, this reason; says its error. */
export function expectFailure(
  ending: 'complete' | AntiphonError | undefined,
  code: AntiphonError['code'],
  reasonCode?: number,
): AntiphonError {
  expectThat(ending instanceof AntiphonError, `an error '${code}', not ${String(ending)}`)
  expectEqual(ending.code, code, `the code of "${ending.message}"`)
  if (reasonCode !== undefined) expectEqual(ending.reasonCode, reasonCode, 'its reason code')
  return ending
}

/** Whole numbers from 1 to `count`, as texts. */
export function numbers(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => String(index + 1))
}
