import {
  bytes,
  endpoint,
  requests$,
  serve,
  topicParams,
  type Endpoint,
  type Link,
  type Message,
  type ReceivedRequest,
  type ServeRecord,
} from '@antiphon/core'
import { defaultIfEmpty, defer, map, Observable, Subject, tap } from 'rxjs'
import { acknowledgement, failure } from './acknowledgement.js'
import type { CommandHandler } from './on-command.js'
import { commandTopics, type CommandTopics } from './reply-topic.js'
import { isShutdown } from './shutdown.js'

/** How commands are answered. */
export interface CommandsOptions {
  /** What stands before `/cmd`; a level may be `+`. @defaultValue 'iot/v1' */
  readonly base?: string
  /** The first that knows the command's topic handles it. @defaultValue none, and every command is acknowledged */
  readonly handlers?: readonly CommandHandler[]
}

/** What happens to a command. */
export type CommandEvent =
  | { readonly event: 'received'; readonly command: Message; readonly isShutdown: boolean }
  | {
      readonly event: 'replying'
      readonly command: Message
      readonly topic: string
      readonly payload: Uint8Array
    }
  /** Its reply is out and it is acknowledged, unless the record says otherwise. */
  | { readonly event: 'done'; readonly command: Message; readonly record: ServeRecord }

/**
 * Answers every command, whatever its payload: on `…/rsp` what came on `…/cmd`, on `<base>/rsp/<key…>` what came on
 * `<base>/cmd/<key…>`. Commands without a key are answered in their order, which is all that the platform knows them by.
 *
 * - *on subscribe*: opens the link and subscribes; commands that were queued and come before that are handled too.
 * - *next*: what happens to each command. *complete*: the link was closed. *error*: the subscription was refused, or the
 *   link ended. A handler that fails answers `{"status":"failed",…}` and does not disturb the stream.
 * - *unsubscribe*: stops the handlers; what is in hand stays unacknowledged, and the platform sends it again.
 */
export function serveCommands(
  link: Link,
  { base = 'iot/v1', handlers = [] }: CommandsOptions = {},
): Observable<CommandEvent> {
  const topics = commandTopics(base)
  const acknowledge = (): Uint8Array => acknowledgement(link.scheduler.now())
  return defer(() => {
    const told = new Subject<CommandEvent>()
    const reply$ = (request: ReceivedRequest): Observable<Uint8Array> => {
      const { message: command } = request
      for (const { reply$: tryIt } of handlers) {
        const response = tryIt(request)
        if (response !== undefined) return told$(command, response.pipe(defaultIfEmpty(acknowledge())))
      }
      return told$(
        command,
        defer(() => [acknowledge()]),
      )
    }
    const told$ = (command: Message, payload$: Observable<Uint8Array>): Observable<Uint8Array> =>
      payload$.pipe(
        tap((payload) =>
          told.next({ event: 'replying', command, topic: topics.replyTopicOf(command.topic) ?? '', payload }),
        ),
      )
    const events$ = requests$(link, anyCommand(topics), { filter: topics.filter }).pipe(
      tap(({ message: command }) =>
        told.next({ event: 'received', command, isShutdown: isShutdown(command.payload) }),
      ),
      serve(reply$, {
        orderedBy: ({ message: { topic } }) => (topics.isPlain(topic) ? topic : undefined),
      }),
      map((record): CommandEvent => ({ event: 'done', command: record.request, record })),
    )
    return new Observable<CommandEvent>((subscriber) => {
      subscriber.add(told.subscribe((event) => subscriber.next(event)))
      subscriber.add(events$.subscribe(subscriber))
    })
  })
}

/** The contract of all commands at once: bytes in, bytes out, the reply's topic made from the command's. */
function anyCommand({ filter, replyTopicOf }: CommandTopics): Endpoint {
  return {
    ...endpoint({
      name: filter,
      topic: '{topic...}',
      request: bytes,
      response: bytes,
      correlation: topicParams(),
      onFailure: ({ message }) => failure(message),
    }),
    // A base may hold +, and then no template says where the reply goes.
    responseTopic: {
      format: ({ topic = '' }) => {
        const response = replyTopicOf(topic) ?? topic
        return { topic: response, filter: response }
      },
    },
  }
}
