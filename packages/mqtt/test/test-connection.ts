import { setTimeout as wait } from 'node:timers/promises'
import { AntiphonError } from '@antiphon/core'
import type { ConnectionInfo, Message, OutgoingMessage, PublishAck } from '@antiphon/core'
import type { SubscribeRequest, Transport, TransportEvent } from '@antiphon/core/link'
import { firstValueFrom, lastValueFrom } from 'rxjs'

/** One connection of a transport, with records of its events for assertions. */
export interface TestConnection {
  readonly info: ConnectionInfo
  /** All events, `online` included. */
  readonly events: readonly TransportEvent[]
  readonly messages: () => readonly Message[]
  /** Acknowledges messages by their index in `messages()`. */
  readonly acknowledge: (...indices: readonly number[]) => void
  /** Resolves with all messages once at least `count` have arrived. */
  readonly received: (count: number) => Promise<readonly Message[]>
  /** Resolves when the connection ends: with `complete`, or its error. */
  readonly ended: Promise<'complete' | AntiphonError>
  /** Drops the connection without DISCONNECT. */
  readonly drop: () => void
}

/** Connects and resolves when online; rejects if the attempt fails. */
export function openConnection(
  transport: Transport,
  options: { acknowledge?: boolean } = {},
): Promise<TestConnection> {
  return new Promise((resolve, reject) => {
    const events: TransportEvent[] = []
    const acknowledgements: (() => void)[] = []
    let settle: (how: 'complete' | AntiphonError) => void
    const ended = new Promise<'complete' | AntiphonError>((resolveEnded) => (settle = resolveEnded))
    const messageList: Message[] = []
    const messages = (): readonly Message[] => [...messageList]
    const subscription = transport.connect$(1).subscribe({
      next: (event) => {
        events.push(event)
        if (event.type === 'online') {
          resolve({
            info: event.info,
            events,
            messages,
            acknowledge: (...indices) => indices.forEach((index) => acknowledgements[index]?.()),
            received: (count) => until(() => messageList.length >= count).then(() => [...messageList]),
            ended,
            drop: () => subscription.unsubscribe(),
          })
        } else if (event.type === 'message') {
          messageList.push(event.message)
          acknowledgements.push(event.acknowledge)
          if (options.acknowledge !== false) event.acknowledge()
        }
      },
      error: (error: unknown) => {
        settle(AntiphonError.from(error))
        reject(AntiphonError.from(error))
      },
      complete: () => {
        settle('complete')
        reject(new Error('the connection completed before it was online'))
      },
    })
  })
}

/** Creates a SUBSCRIBE entry for one filter. */
export function subscribeRequest(filter: string, options: Partial<SubscribeRequest> = {}): SubscribeRequest {
  return { filter, qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0, ...options }
}

/** Creates a message with a text payload. */
export function textMessage(
  topic: string,
  text: string,
  options: Partial<OutgoingMessage> = {},
): OutgoingMessage {
  return { topic, payload: new TextEncoder().encode(text), ...options }
}

export function textOf({ payload }: { readonly payload: Uint8Array }): string {
  return new TextDecoder().decode(payload)
}

export function subscribe(
  transport: Transport,
  ...requests: readonly SubscribeRequest[]
): Promise<readonly number[]> {
  return firstValueFrom(transport.subscribe$(requests))
}

/** Publishes a message, sends it again in every resumed session, and resolves with its acknowledgement. */
export function publish(transport: Transport, message: OutgoingMessage): Promise<PublishAck> {
  return new Promise((resolve, reject) => {
    transport.publish$(message).subscribe({
      next: (event) => {
        if (event.reasonCode === undefined) event.resend(message.messageExpiryInterval)
        else resolve(event)
      },
      error: reject,
    })
  })
}

export function disconnect(transport: Transport): Promise<void> {
  return lastValueFrom(transport.disconnect$(), { defaultValue: undefined })
}

/** Polls every 10 ms until `condition` holds; rejects after a minute. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 6_000; tries += 1) {
    if (condition()) return
    await wait(10)
  }
  throw new Error(`the condition did not become true: ${condition.toString()}`)
}
