import { setTimeout as wait } from 'node:timers/promises'
import { AntiphonError } from '@antiphon/core'
import type { Grant, Message, OutgoingMessage, PublishAck } from '@antiphon/core'
import type { SubscribeRequest, Transport, TransportEvent } from '@antiphon/core/link'
import { firstValueFrom, lastValueFrom } from 'rxjs'

/** One connection of a transport, as a test watches it. */
export interface Conversation {
  readonly grant: Grant
  /** All that came, `online` included. */
  readonly events: readonly TransportEvent[]
  readonly messages: () => readonly Message[]
  /** Acknowledges messages by their place among those that came. */
  readonly acknowledge: (...places: readonly number[]) => void
  /** Resolves when this many messages came. */
  readonly arrived: (count: number) => Promise<readonly Message[]>
  /** How it ended. */
  readonly ended: Promise<'complete' | AntiphonError>
  /** Drops the connection without a farewell. */
  readonly drop: () => void
}

/** Connects, and resolves when online; rejects with what ends the attempt. */
export function converse(
  transport: Transport,
  options: { acknowledge?: boolean } = {},
): Promise<Conversation> {
  return new Promise((resolve, reject) => {
    const events: TransportEvent[] = []
    const acknowledgements: (() => void)[] = []
    let end: (how: 'complete' | AntiphonError) => void
    const ended = new Promise<'complete' | AntiphonError>((told) => (end = told))
    const messages = (): readonly Message[] =>
      events.flatMap((event) => (event.type === 'message' ? [event.message] : []))
    const subscription = transport.connect$(1).subscribe({
      next: (event) => {
        events.push(event)
        if (event.type === 'online') {
          resolve({
            grant: event.grant,
            events,
            messages,
            acknowledge: (...places) => places.forEach((place) => acknowledgements[place]?.()),
            arrived: (count) => until(() => messages().length >= count).then(messages),
            ended,
            drop: () => subscription.unsubscribe(),
          })
        } else if (event.type === 'message') {
          acknowledgements.push(event.acknowledge)
          if (options.acknowledge !== false) event.acknowledge()
        }
      },
      error: (error: unknown) => {
        end(AntiphonError.from(error))
        reject(AntiphonError.from(error))
      },
      complete: () => {
        end('complete')
        reject(new Error('the connection was ended'))
      },
    })
  })
}

/** A request for one filter. */
export function asking(filter: string, options: Partial<SubscribeRequest> = {}): SubscribeRequest {
  return { filter, qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0, ...options }
}

/** A message of text. */
export function outgoing(
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

export function publish(transport: Transport, message: OutgoingMessage): Promise<PublishAck> {
  return firstValueFrom(transport.publish$(message))
}

export function disconnect(transport: Transport): Promise<void> {
  return lastValueFrom(transport.disconnect$(), { defaultValue: undefined })
}

/** Looks again and again, for seconds, until it is so. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (isSo()) return
    await wait(10)
  }
  throw new Error(`it did not come about: ${isSo.toString()}`)
}
